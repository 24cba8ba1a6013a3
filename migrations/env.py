"""Alembic's environment: the URL comes from the caller or from Settings, the tables from app.models."""

from alembic import context

from app import delegation_models, introduction_models, models, system_models  # noqa: F401  (define the tables)
from app.db import Base, open_engine
from app.settings import Settings


def run() -> None:
    url = context.config.attributes.get("url") or Settings().database_url
    engine = open_engine(url)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=engine.dialect.name == "sqlite",
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
