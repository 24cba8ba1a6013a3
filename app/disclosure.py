"""What a firm lets be known: the class of every field of a Profile, and a profile as one reader may have it (pure).

*Public* is read by whoever may read firms. *Matchable* moves ranks and is read by nobody but the firm's association
and those it has granted its restricted fields. *Restricted* is read, and moves ranks, only under a live grant.
*Personal* never moves a rank and passes with an introduction alone.

The classes bind what a firm has said (provenance ``firm``). What was compiled from public sources is public, and what a
request says is its asker's own. A statement's own mark (``Statement.release``) binds always, and so does *personal*.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from matching.profile import Exposure, Profile, Statement


class FieldClass(StrEnum):
    """What may be done with a field."""

    PUBLIC = "public"
    MATCHABLE = "matchable"
    RESTRICTED = "restricted"
    PERSONAL = "personal"


class Reader(StrEnum):
    """Who looks at a profile."""

    STRANGER = "stranger"
    GRANTED = "granted"
    """Holds a live grant for the firm's restricted fields."""
    ANSWERING = "answering"
    """Of the association that answers for the firm."""


_PUBLIC, _MATCHABLE, _RESTRICTED, _PERSONAL = FieldClass

CLASSES: Mapping[str, FieldClass] = {
    "name": _PUBLIC,
    "country": _PUBLIC,
    "aliases": _PUBLIC,
    "identifiers": _PUBLIC,  # the registers are
    "city": _PUBLIC,
    "region": _PUBLIC,
    "lat": _PUBLIC,
    "lon": _PUBLIC,
    "website": _PUBLIC,
    "founded": _PUBLIC,
    "employees_band": _PUBLIC,
    "ownership": _PUBLIC,
    "parent": _PUBLIC,
    "roles": _PUBLIC,
    "sectors": _PUBLIC,
    "statements": _PUBLIC,  # as far as each one's own mark allows
    "statements.components": _RESTRICTED,
    "statements.components_complete": _RESTRICTED,
    "sites": _PUBLIC,
    "certifications": _PUBLIC,
    "export_markets": _MATCHABLE,
    "export_notes": _RESTRICTED,
    "languages": _PUBLIC,
    "summary_fr": _PUBLIC,
    "exposure.us_parent_or_us_vc": _RESTRICTED,
    "exposure.us_parent_or_us_vc_source": _RESTRICTED,
    "exposure.us_content_pct": _RESTRICTED,
    "exposure.itar_content": _RESTRICTED,
    "exposure.us_600_series_content": _RESTRICTED,
    "exposure.us_direct_product": _RESTRICTED,
    "exposure.controlled_goods_registered": _PUBLIC,  # the register is
    "exposure.sources": _RESTRICTED,  # they say of which facts
    "exposure.notes": _RESTRICTED,
    "contacts": _PERSONAL,
    "provenance": _PUBLIC,
    "confidence": _PUBLIC,
    "unchecked_fields": _PUBLIC,
    "inferred_fields": _PUBLIC,
    "reviewer_notes": _RESTRICTED,
    "sources": _PUBLIC,
}
"""The class of each field; of ``exposure``, of each of its own; of ``statements``, of those that go another way
than their statement. A field of a profile or of its exposure that is not here is read by nobody else."""

_SHOWN: Mapping[Reader, frozenset[FieldClass]] = {
    Reader.STRANGER: frozenset({_PUBLIC}),
    Reader.GRANTED: frozenset({_PUBLIC, _MATCHABLE, _RESTRICTED}),
    Reader.ANSWERING: frozenset(FieldClass),
}


def released(profile: Profile, reader: Reader) -> Profile:
    """The profile as the reader may read it: what is not released is blank, which reads as unknown.

    A firm that has released none of its statements is left with none.
    """
    return _without(profile, _SHOWN[reader])


def weighed(profile: Profile, reader: Reader) -> Profile:
    """The profile as it may be ranked for the reader: with what is matchable, and never with what is personal.

    Statements that this reader may read are marked public, so that the others, matchable and unread, are not quoted.
    """
    shown = _SHOWN[reader]
    kept = _without(profile, (shown | {_MATCHABLE}) - {_PERSONAL})
    statements = tuple(
        s.model_copy(update={"release": "public"}) if FieldClass(s.release) in shown else s for s in kept.statements
    )
    return kept if statements == kept.statements else kept.model_copy(update={"statements": statements})


def without(profile: Profile, field_class: FieldClass) -> Profile:
    """The profile with every field of one class blank, whoever looks."""
    return _without(profile, frozenset(FieldClass) - {field_class})


def unread(profile: Profile, reader: Reader) -> frozenset[str]:
    """Fields that are weighed for the reader and may not be told."""
    return frozenset(name for name, held in CLASSES.items() if held is _MATCHABLE) - _names(profile, _SHOWN[reader])


def grant_matters(profile: Profile) -> bool:
    """Whether a grant would change what is weighed of the profile, or what is told of it."""
    differ = weighed(profile, Reader.STRANGER) != weighed(profile, Reader.GRANTED)
    return differ or any(getattr(profile, name) for name in unread(profile, Reader.STRANGER))


def _names(profile: Profile, classes: frozenset[FieldClass]) -> frozenset[str]:
    """The fields, by their names in the table, of these classes; a field that has no class is of none."""
    everything = profile.provenance != "firm"
    return frozenset(
        name for name, held in CLASSES.items() if held in classes or (everything and held is not _PERSONAL)
    )


def _without(profile: Profile, classes: frozenset[FieldClass]) -> Profile:
    """The profile with every field blank that is not of these classes."""
    kept = _names(profile, classes)
    closed = CLASSES.keys() - kept
    hidden = {name: field for name, field in Profile.model_fields.items() if name not in kept and name != "exposure"}
    blank: dict[str, Any] = {name: field.get_default() for name, field in hidden.items()}
    parts = {
        name: field.get_default() for name, field in Statement.model_fields.items() if f"statements.{name}" in closed
    }
    exposure = {n: f.get_default() for n, f in Exposure.model_fields.items() if f"exposure.{n}" not in kept}
    blank["exposure"] = profile.exposure.model_copy(update=exposure)
    statements = (s for s in profile.statements if FieldClass(s.release) in classes)
    blank["statements"] = tuple(s.model_copy(update=parts) if parts else s for s in statements)
    names = {*hidden, *exposure, *parts, *(("exposure",) if exposure else ())}
    for listing in ("unchecked_fields", "inferred_fields"):
        blank[listing] = tuple(name for name in getattr(profile, listing) if name.rpartition(".")[2] not in names)
    return profile.model_copy(update=blank)
