"""Pictures as SVG text (pure): a bar, two readiness scales, the map of a triad, a landscape of sectors by readiness.

Drawn on the server, without script and without style attributes, which the content policy forbids; classes are those of
``app/web/styles``. Every picture is one of two ways to the same figures: the page gives them in a table, too. The map
draws coastlines and no borders.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import cos, hypot, radians
from pathlib import Path

from markupsafe import Markup

Point = tuple[float, float]
"""Longitude and latitude in degrees, or x and y on the page."""


def bar(value: float) -> Markup:
    """A value between 0 and 1 as a bar. The figure stands beside it, so screen readers pass the picture by."""
    width = 100 * min(1.0, max(0.0, value))
    return Markup(
        '<svg class="t-bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        '<rect class="t-bar__ground" width="100" height="10"/>'
        '<rect class="t-bar__value" width="{width}" height="10"/></svg>'
    ).format(width=f"{width:.1f}")


# --- Readiness --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scale:
    """One scale of readiness: its label, how many levels it has, and the level that a side stands at."""

    label: str
    levels: int
    at: float | None
    kind: str
    """``i`` for the innovator, ``m`` for the manufacturer: the colour and shape of that corner."""


def readiness_strip(scales: Sequence[Scale], title: str) -> Markup:
    """Scales one above the other, each level a box, the level on record filled."""
    width, row, left = 640, 46, 190
    parts = [
        Markup('<svg viewBox="0 0 {w} {h}" role="img" aria-label="{title}">').format(
            w=width, h=row * len(scales), title=title
        )
    ]
    for number, scale in enumerate(scales):
        top = row * number
        step = (width - left) / scale.levels
        parts.append(Markup('<text class="t-axis" x="0" y="{y}">{label}</text>').format(y=top + 25, label=scale.label))
        for level in range(1, scale.levels + 1):
            x = left + step * (level - 1)
            reached = scale.at is not None and level <= scale.at + 0.25
            parts.append(
                Markup(
                    '<rect class="{kind}" x="{x}" y="{y}" width="{w}" height="28" rx="3"/>'
                    '<text class="t-axis{ink}" x="{tx}" y="{ty}" text-anchor="middle">{level}</text>'
                ).format(
                    kind=f"t-{scale.kind}" if reached else "t-bar__ground",
                    x=f"{x:.1f}",
                    y=top + 6,
                    w=f"{step - 4:.1f}",
                    ink=" t-paper" if reached else "",
                    tx=f"{x + step / 2 - 2:.1f}",
                    ty=top + 25,
                    level=level,
                )
            )
    return Markup("").join([*parts, Markup("</svg>")])


# --- Map --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on the map: where, what it is called, and the shape of its corner of the triad."""

    at: Point
    name: str
    kind: str


@lru_cache(maxsize=1)
def coastlines(path: Path) -> tuple[tuple[Point, ...], ...]:
    """Rings of land from a TopoJSON file (delta-coded integer arcs), in degrees."""
    topology = json.loads(path.read_text(encoding="utf-8"))
    (scale_x, scale_y), (move_x, move_y) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs: list[list[Point]] = []
    for coded in topology["arcs"]:
        x = y = 0
        arc = []
        for dx, dy in coded:
            x, y = x + dx, y + dy
            arc.append((x * scale_x + move_x, y * scale_y + move_y))
        arcs.append(arc)
    rings = []
    for shape in topology["objects"]["land"]["geometries"]:
        for polygon in shape["arcs"] if shape["type"] == "MultiPolygon" else [shape["arcs"]]:
            rings += [_ring(ring, arcs) for ring in polygon]
    return tuple(rings)


def _ring(numbers: Iterable[int], arcs: Sequence[Sequence[Point]]) -> tuple[Point, ...]:
    points: list[Point] = []
    for number in numbers:
        arc = arcs[number] if number >= 0 else list(reversed(arcs[~number]))
        points += arc[1:] if points else arc
    return tuple(points)


@dataclass(frozen=True, slots=True)
class _Frame:
    """An equirectangular window of the world, stretched so that distances at its middle latitude look true."""

    west: float
    north: float
    scale: float
    squeeze: float
    size: tuple[float, float]

    def place(self, point: Point) -> Point:
        return (point[0] - self.west) * self.scale * self.squeeze, (self.north - point[1]) * self.scale


WIDTH = 720.0
MARGIN = 12.0


def _frame(points: Sequence[Point]) -> _Frame:
    longitudes, latitudes = [p[0] for p in points], [p[1] for p in points]
    west, east = max(-180.0, min(longitudes) - MARGIN), min(180.0, max(longitudes) + MARGIN)
    south, north = max(-58.0, min(latitudes) - MARGIN), min(78.0, max(latitudes) + MARGIN)
    squeeze = cos(radians((south + north) / 2))
    scale = WIDTH / ((east - west) * squeeze)
    return _Frame(west, north, scale, squeeze, (WIDTH, (north - south) * scale))


def triad_map(spots: Sequence[Spot], coast: Sequence[Sequence[Point]], title: str) -> Markup:
    """The places of a triad and the way from each to the next, over the coastlines."""
    frame = _frame([spot.at for spot in spots])
    width, height = frame.size
    parts = [
        Markup(
            '<svg viewBox="0 0 {w} {h}" role="img" aria-label="{title}"><rect class="t-sea" width="{w}" height="{h}"/>'
            '<path class="t-land" d="{d}"/>'
        ).format(w=f"{width:.0f}", h=f"{height:.0f}", title=title, d=_land(coast, frame))
    ]
    places = [frame.place(spot.at) for spot in spots]
    for number, (start, end) in enumerate(pairwise(places)):
        parts.append(
            Markup('<path class="t-way{second}" d="{d}"/>').format(
                second=" t-way--second" if number else "", d=_arc(start, end)
            )
        )
    below: list[Point] = []
    for spot, (x, y) in zip(spots, places, strict=True):
        crowded = any(hypot(x - other[0], y - other[1]) < 26 for other in below)
        below.append((x, y))
        left = x > width * 0.7
        parts.append(
            Markup('{shape}<text class="t-label" x="{x}" y="{y}" text-anchor="{anchor}">{name}</text>').format(
                shape=shape_at(spot.kind, x, y, 7),
                x=f"{x + (-12 if left else 12):.1f}",
                y=f"{y + (20 if crowded else 5):.1f}",
                anchor="end" if left else "start",
                name=spot.name,
            )
        )
    return Markup("").join([*parts, Markup("</svg>")])


def shape_at(kind: str, x: float, y: float, size: float) -> Markup:
    """The mark of a corner: a circle for the innovator, a square for the manufacturer, a triangle for the market."""
    if kind == "i":
        return Markup('<circle class="t-i" cx="{x}" cy="{y}" r="{r}"/>').format(x=f"{x:.1f}", y=f"{y:.1f}", r=size)
    if kind == "m":
        return Markup('<rect class="t-m" x="{x}" y="{y}" width="{w}" height="{w}"/>').format(
            x=f"{x - size:.1f}", y=f"{y - size:.1f}", w=2 * size
        )
    corners = f"{x:.1f},{y - size:.1f} {x + size:.1f},{y + size:.1f} {x - size:.1f},{y + size:.1f}"
    return Markup('<polygon class="t-k" points="{points}"/>').format(points=corners)


def _land(coast: Sequence[Sequence[Point]], frame: _Frame) -> str:
    """The rings that touch the window, in whole pixels, without points that would not be seen."""
    width, height = frame.size
    drawn = []
    for ring in coast:
        points = [frame.place(point) for point in ring]
        if max(x for x, _ in points) < 0 or min(x for x, _ in points) > width:
            continue
        if max(y for _, y in points) < 0 or min(y for _, y in points) > height:
            continue
        kept: list[tuple[int, int]] = []
        for x, y in points:
            # Clamped well outside, so that far-away coasts cost few points and no line crosses the window falsely.
            near = (round(min(max(x, -60), width + 60)), round(min(max(y, -60), height + 60)))
            if not kept or hypot(near[0] - kept[-1][0], near[1] - kept[-1][1]) >= 2:
                kept.append(near)
        if len(kept) > 3:
            drawn.append("M" + " ".join(f"{x},{y}" for x, y in kept) + "Z")
    return "".join(drawn)


def _arc(start: Point, end: Point) -> str:
    lift = hypot(end[0] - start[0], end[1] - start[1]) * 0.18
    middle = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2 - lift
    return f"M{start[0]:.1f},{start[1]:.1f} Q{middle[0]:.1f},{middle[1]:.1f} {end[0]:.1f},{end[1]:.1f}"


# --- Landscape --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """A sector of the landscape: its name, and how many firms of each side stand at each step."""

    name: str
    innovators: tuple[int, ...]
    manufacturers: tuple[int, ...]


def landscape(rows: Sequence[Row], steps: Sequence[str], title: str) -> Markup:
    """Sectors down, steps of readiness across; a circle for innovators, a square for manufacturers, area by number."""
    left, step, line, head = 250.0, 92.0, 40.0, 30.0
    width, height = left + step * len(steps) + 8, head + line * len(rows) + 6
    most = max((n for row in rows for n in (*row.innovators, *row.manufacturers)), default=1) or 1
    parts = [
        Markup('<svg viewBox="0 0 {w} {h}" role="img" aria-label="{title}">').format(
            w=f"{width:.0f}", h=f"{height:.0f}", title=title
        )
    ]
    for number, name in enumerate(steps):
        parts.append(
            Markup('<text class="t-axis" x="{x}" y="18" text-anchor="middle">{name}</text>').format(
                x=f"{left + step * (number + 0.5):.0f}", name=name
            )
        )
    for number, row in enumerate(rows):
        middle = head + line * (number + 0.5)
        parts.append(
            Markup(
                '<line class="t-grid" x1="0" x2="{w}" y1="{y}" y2="{y}"/>'
                '<text class="t-axis t-ink" x="0" y="{ty}">{name}</text>'
            ).format(w=f"{width:.0f}", y=f"{middle + line / 2:.0f}", ty=f"{middle + 4:.0f}", name=cut(row.name, 38))
        )
        for column, (ours, theirs) in enumerate(zip(row.innovators, row.manufacturers, strict=True)):
            x = left + step * (column + 0.5)
            if ours:
                parts.append(shape_at("i", x - 16, middle, 3 + 12 * (ours / most) ** 0.5))
            if theirs:
                parts.append(shape_at("m", x + 16, middle, 3 + 11 * (theirs / most) ** 0.5))
    return Markup("").join([*parts, Markup("</svg>")])


def cut(text: str, length: int) -> str:
    """The text, ended at a word where it is longer than the picture has room for."""
    return text if len(text) <= length else text[: length - 1].rsplit(" ", 1)[0] + "…"
