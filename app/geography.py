"""Where the corners of a triad are: points of firms and markets, and the coastlines they are drawn over."""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path

from app.pictures import Point, coastlines
from matching.profile import Profile


@lru_cache(maxsize=2)
def market_points(seeds: Path) -> dict[str, Point]:
    """Longitude and latitude of a point for each market (seeds/geo/markets.csv), for drawing only."""
    with (seeds / "geo" / "markets.csv").open(encoding="utf-8", newline="") as stream:
        return {row["iso3"]: (float(row["lon"]), float(row["lat"])) for row in csv.DictReader(stream)}


def firm_point(profile: Profile | None) -> Point | None:
    """Where a firm is: its own point, or that of its first site that has one; None is unknown."""
    if profile is None:
        return None
    if profile.lat is not None and profile.lon is not None:
        return profile.lon, profile.lat
    for site in profile.sites:
        if site.lat is not None and site.lon is not None:
            return site.lon, site.lat
    return None


def coast(seeds: Path) -> tuple[tuple[Point, ...], ...]:
    """The coastlines that come with the service."""
    return coastlines(seeds / "geo" / "land-110m.json")
