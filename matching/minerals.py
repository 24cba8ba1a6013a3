"""A mineral or material and who handles it: its forms from the ore to the part, and sourced facts of firms.

Each form is made from earlier ones, so the forms are a chain (``seeds/minerals``). A handling is one fact: this firm,
at this site, makes these forms out of those, in operation or only planned, with the figures that are public.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Literal

from pydantic import Field

from matching.profile import Capacity, Frozen, Iso3, Label, Source, Text
from matching.projects import Place, Slug

State = Literal["operating", "demonstrated", "planned", "idle"]


class Form(Frozen):
    """One form of a mineral, at its stage of the value chain, and the forms that it is made from (any one of them)."""

    form: Label
    stage: Label
    made_from: tuple[Label, ...] = ()
    maker: Label
    """What kind of firm makes it, for a link that nobody fills."""
    sectors: tuple[str, ...] = Field(min_length=1, max_length=3)


class Tonnage(Frozen):
    """A public figure of a site, and whether it is an output, a capacity or a plan."""

    capacity: Capacity
    standing: Literal["output", "capacity", "planned"]


class Handling(Frozen):
    """What one firm does with the mineral at one site."""

    firm: Slug
    """Id of the firm on file."""
    takes: tuple[Label, ...] = ()
    gives: tuple[Label, ...] = Field(min_length=1)
    site: Label
    country: Iso3
    """Where the site is, which need not be the firm's country."""
    state: State
    basis: Literal["reported", "inferred"] = "reported"
    """``inferred``: concluded from the firm's trade, with nothing read that names the mineral."""
    note: Text | None = None
    tonnage: tuple[Tonnage, ...] = ()
    sources: tuple[Source, ...] = Field(min_length=1)


class Mineral(Frozen):
    """A mineral as a chain of forms, with those who handle it."""

    id: Slug
    name: Label
    name_fr: Label
    why: Text
    """What defence needs it for."""
    forms: tuple[Form, ...] = Field(min_length=2)
    handlings: tuple[Handling, ...] = Field(min_length=1)
    as_of: Label
    sources: tuple[Source, ...] = Field(min_length=1)

    def form(self, name: str) -> Form:
        """The form of that name; raises KeyError."""
        return next((held for held in self.forms if held.form == name), None) or _absent(name)

    @property
    def ends(self) -> tuple[str, ...]:
        """The forms that nothing further is made from."""
        used = {name for form in self.forms for name in form.made_from}
        return tuple(form.form for form in self.forms if form.form not in used)


def _absent(name: str) -> Form:
    raise KeyError(name)


def faults(mineral: Mineral, stages: Sequence[str], sectors: Sequence[str]) -> Iterator[tuple[Place, str]]:
    """What in a mineral's file cannot be, with its path: unknown forms, stages and sectors; circles; going upstream."""
    names = [form.form for form in mineral.forms]
    for i, form in enumerate(mineral.forms):
        if names.index(form.form) < i:
            yield ("forms", i, "form"), f"the form {form.form!r} stands twice"
        if form.stage not in stages:
            yield ("forms", i, "stage"), f"no stage {form.stage!r}; the stages are {', '.join(stages)}"
        yield from _strangers(("forms", i, "sectors"), form.sectors, sectors, "sector")
        yield from _strangers(("forms", i, "made_from"), form.made_from, names, "form")
    yield from _circles(mineral)
    yield from _upstream(mineral, stages)
    for i, handling in enumerate(mineral.handlings):
        yield from _strangers(("handlings", i, "takes"), handling.takes, names, "form")
        yield from _strangers(("handlings", i, "gives"), handling.gives, names, "form")


def _strangers(place: Place, given: Sequence[str], known: Sequence[str], what: str) -> Iterator[tuple[Place, str]]:
    for j, name in enumerate(given):
        if name not in known:
            near = get_close_matches(name, known, n=3) or known[:8]
            yield (*place, j), f"no {what} {name!r}; near are {', '.join(near)}"


def _circles(mineral: Mineral) -> Iterator[tuple[Place, str]]:
    """Forms that are made, at one remove or more, from themselves: the first circle from each form."""
    made_from = {form.form: form.made_from for form in mineral.forms}
    for i, form in enumerate(mineral.forms):
        waiting: list[tuple[str, ...]] = [(form.form,)]
        seen = set()
        while waiting:
            way = waiting.pop()
            for name in made_from.get(way[-1], ()):
                if name == form.form:
                    yield ("forms", i, "made_from"), f"a circle: {' is made from '.join([*way, name])}"
                    waiting.clear()
                    break
                if name not in seen:
                    seen.add(name)
                    waiting.append((*way, name))


def _upstream(mineral: Mineral, stages: Sequence[str]) -> Iterator[tuple[Place, str]]:
    place = {stage: i for i, stage in enumerate(stages)}
    stage_of = {form.form: form.stage for form in mineral.forms}
    for i, form in enumerate(mineral.forms):
        for j, name in enumerate(form.made_from):
            if place.get(stage_of.get(name, ""), 0) > place.get(form.stage, len(place)):
                yield (
                    ("forms", i, "made_from", j),
                    f"{form.form!r} ({form.stage}) cannot be made from {name!r} of the later stage {stage_of[name]}",
                )


def handled_by_firm(minerals: Mapping[str, Mineral]) -> dict[str, dict[str, tuple[str, ...]]]:
    """By firm id and mineral, the forms that the firm gives; a plan gives nothing yet."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for mineral in minerals.values():
        for handling in mineral.handlings:
            if handling.state in ("operating", "demonstrated"):
                found[handling.firm][mineral.id] += handling.gives
    return {firm: {mineral: tuple(dict.fromkeys(forms)) for mineral, forms in of.items()} for firm, of in found.items()}
