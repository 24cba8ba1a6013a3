"""``triveni demo-accounts``: three people to try the pages with."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.console import Console

from app.settings import Settings

out = Console(highlight=False, soft_wrap=True)


def demo_accounts() -> None:
    """Make three demonstration accounts, or give them new passwords, and print them; for one's own machine only."""
    from app import demo
    from app.db import opened, transaction

    settings = Settings()
    with opened(settings.database_url) as sessions, transaction(sessions) as session:
        made = demo.demo_accounts(session, datetime.now(UTC))
    out.print(f"Open http://{settings.host}:{settings.port}/ and sign in as one of:", markup=False)
    for account in made:
        out.print(f"  {account.name:26} {account.password}   ({account.role.replace('_', ' ')})", markup=False)
