"""The glossary of procurement and export control in one language, each entry with its source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.languages import Code
from matching.literacy import Term
from matching.profile import slug


@dataclass(frozen=True, slots=True)
class Entry:
    """One term in one language."""

    slug: str
    """The same in both languages, so that switching keeps the place."""
    term: str
    text: str
    url: str | None
    what: str
    verified: bool


def glossary(terms: Sequence[Term], code: Code) -> list[Entry]:
    """The terms in a language, in its alphabetical order."""
    entries = [
        Entry(
            slug(term.term),
            term.term_fr if code == "fr" else term.term,
            term.text_fr if code == "fr" else term.text_en,
            term.source.url if (term.source.url or "").startswith("http") else None,
            term.source.what or term.source.url or "",
            term.verified,
        )
        for term in terms
    ]
    return sorted(entries, key=lambda entry: slug(entry.term))
