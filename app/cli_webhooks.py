"""``triveni webhooks``: send what is due to the systems that asked to be told."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from app.printing import print_json
from app.settings import Settings

webhooks_app = typer.Typer(help="Systems that are told of events.", no_args_is_help=True)

out = Console(highlight=False, soft_wrap=True)


@webhooks_app.command("deliver")
def deliver(as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False) -> None:
    """Send every delivery that is due, once; what fails is due again later. Run it every minute."""
    from app.db import opened
    from app.outbound import Outbound
    from app.webhooks import Courier

    settings = Settings()
    with opened(settings.database_url) as sessions:
        outbound = Outbound(allow_private=settings.webhooks_allow_private)
        sent = Courier(sessions, outbound).deliver(datetime.now(UTC))
    if as_json:
        print_json(asdict(sent))
        return
    out.print(f"{sent.delivered} delivered, {sent.failed} failed and due again later, {sent.gave_up} given up.")
