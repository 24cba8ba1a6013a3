"""The small world of the tests of the app, for contracts that need one."""

from tests.app.conftest import little, small_database

__all__ = ["little", "small_database"]
