"""The small world of the tests of the app, for contracts that need one."""

from tests.app.conftest import little, small_url

__all__ = ["little", "small_url"]
