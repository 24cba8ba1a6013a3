"""Lay out the pathway of one item by itself."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body

from app import pathways
from app.api.doors import BODY_LIMIT, CallerDep, HouseDep, NowDep
from app.pathways import Asked, Explained

router = APIRouter(prefix="/api/v1/pathways", tags=["pathways"], max_body_size=BODY_LIMIT)

EXAMPLES: dict[str, Any] = {
    "drone": {
        "summary": "A military drone with an American seeker, to the Philippines",
        "value": {
            "item": {
                "ecl": ["2-10.c"],
                "scomet": ["6A010"],
                "components": [
                    {
                        "name": "Seeker",
                        "classifications": [{"regime": "USML", "entry": "XII(c)"}],
                        "us_origin": True,
                        "share_pct": 12,
                    }
                ],
            },
            "market": "PHL",
        },
    }
}


@router.post("")
def explain_item(
    asked: Annotated[Asked, Body(openapi_examples=EXAMPLES)], caller: CallerDep, house: HouseDep, at: NowDep
) -> Explained:
    """The legs of one item from Canada by India to a market: what bites, what is unknown, what design could change."""
    return pathways.explain_item(asked, at.date(), house.knowledge)
