"""Small projects and fields of firms for the tests of consortia."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from matching.composer import Composer
from matching.consortium import Consortium
from matching.deliveries import Deliveries
from matching.encoder import text_key
from matching.index import MeaningIndex
from matching.lineup import Lineup
from matching.pathway import Verdict
from matching.pool import PooledFirm
from matching.projects import Project
from matching.rulebook import Rulebook
from matching.seats import Field, texts_of
from matching.suppositions import Suppositions
from matching.transfer import Screened
from tests.factories import HashEncoder, control_lists, market, pool, rulebook, taxonomy

ON = date(2026, 11, 24)


def seat(role: str = "airframe", **over: Any) -> dict[str, Any]:
    given = {
        "role": role,
        "title": role.title(),
        "offers": f"Makes {role} of drones",
        "sectors": ["uas"],
        "share_pct": 50,
    }
    return given | over


def project(*seats: dict[str, Any], **over: Any) -> Project:
    """A drone project of an airframe maker and a camera maker, unless told otherwise."""
    asked = list(seats) or [seat(), seat("camera", delivers_to="airframe")]
    for one in asked:
        one["share_pct"] = 100 / len(asked) if not seats else one["share_pct"]
    given = {
        "id": "drone",
        "title": "Drone",
        "title_fr": "Drone",
        "summary": "A drone for a third market.",
        "markets": ["PHL"],
        "deadline": "2027-11-26",
        "volume": "10 drones",
        "arms": False,
        "arms_because": "A civil drone.",
        "route": "A commercial sale.",
        "quotas": [],
        "seats": asked,
        "as_of": "2026-11-24",
        "estimates": "All shares are estimates.",
        "sources": [{"what": "a test"}],
    } | over
    given["quotas"] = given["quotas"] or [quota("CAN"), quota("IND")]
    return Project.model_validate(given)


def quota(country: str, firms: int = 1, share: float | None = None) -> dict[str, Any]:
    return {"country": country, "firms_at_least": firms, "share_at_least_pct": share, "because": "A test."}


def field(asked: Project, firms: Sequence[PooledFirm], handled: Mapping[str, Any] | None = None) -> Field:
    held = pool(firms, infer_needs=False)
    index = MeaningIndex(HashEncoder.id, HashEncoder.dimensions)
    ids, first = np.unique(held.vector_ids, return_index=True)
    index.add(ids, held.vectors[first], HashEncoder.id)
    texts = texts_of([asked])
    vectors = {text_key(t): (-1, v) for t, v in zip(texts, HashEncoder().encode(texts), strict=True)}
    return Field(
        asked,
        market(),
        held,
        vectors=vectors,
        index=index,
        taxonomy=taxonomy(),
        regions={"PHL": "Southeast Asia"},
        handled=handled or {},
    )


def lineup(
    asked: Project,
    firms: Sequence[PooledFirm],
    destination: str = "PHL",
    rules: Rulebook | None = None,
    *,
    screened: Mapping[str, Screened] | None = None,
    at_worst: Verdict = Verdict.UNDETERMINED,
    handled: Mapping[str, Any] | None = None,
) -> Lineup:
    deliveries = Deliveries(asked, destination, rules or rulebook(), ON, screened)
    return Lineup(field(asked, firms, handled), deliveries, at_worst=at_worst)


def composed(asked: Project, firms: Sequence[PooledFirm], destination: str = "PHL", **given: Any) -> Consortium:
    rules = given.pop("rules", None) or rulebook()
    suppositions = Suppositions(control_lists(), taxonomy(), rules)
    return Composer(lineup(asked, firms, destination, rules, **given), suppositions).compose()
