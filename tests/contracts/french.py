"""What needs French, and the catalogues that hold it. ``python -m tests.contracts.french`` brings them up to date.

New messages are added to ``app/locale/fr.po`` (code and pages) and ``seeds/french.po`` (what rules and lists say in English
only) with an empty translation, and those that nobody says any more are dropped; then a person writes the French.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from app.languages import CATALOGUES
from matching.rulebook import load_rulebook
from tests.factories import ROOT, SEEDS

KEYWORDS: dict[str, object] = {"say": (1,), "N_": (1,), "_": (1,), "gettext": (1,), "ngettext": (1, 2)}
JINJA = {"extensions": "jinja2.ext.do", "trimmed": "true"}

Message = str | tuple[str, str]


def said_in_code() -> Iterator[tuple[Message, str]]:
    """Every message of Python files and templates, with where it stands."""
    for path in sorted([*(ROOT / "app").rglob("*.py"), *(ROOT / "matching").rglob("*.py")]):
        yield from _extracted("python", path, {})
    for path in sorted((ROOT / "app" / "web" / "templates").rglob("*.html")):
        yield from _extracted("jinja2.ext:babel_extract", path, JINJA)


def _extracted(method: str, path: Path, options: dict[str, str]) -> Iterator[tuple[Message, str]]:
    with path.open("rb") as stream:
        for _line, message, _comments, _context in extract(method, stream, KEYWORDS, options=options):
            if message and message != "message":
                yield tuple(message) if isinstance(message, tuple | list) else message, str(path.relative_to(ROOT))


def said_in_seeds() -> Iterator[tuple[Message, str]]:
    """Every text of rules, wordings, lists and chains that a reader may be shown and that has no French beside it."""
    rulebook = load_rulebook(SEEDS / "controls")
    for rule in rulebook.rules:
        for text in (rule.title, rule.permit, rule.authority):
            if text:
                yield text, "seeds/controls"
    for words in rulebook.wording.values():
        for text in (words.label, words.ask, words.yes, words.no):
            if text:
                yield text, "seeds/controls/wording.yaml"
    for conclusion, _test in rulebook.conclusions:
        yield conclusion.words, "seeds/controls"
    yield from ((text, "seeds/controls/countries.csv") for text in _of_countries())
    with (SEEDS / "sectors" / "feeds.csv").open(encoding="utf-8", newline="") as stream:
        yield from ((row["why"], "seeds/sectors/feeds.csv") for row in csv.DictReader(stream))
    for path in sorted((SEEDS / "watchlists").glob("*.yaml")):
        title = yaml.safe_load(path.read_text(encoding="utf-8")).get("title")
        if title:
            yield title, str(path.relative_to(ROOT))


def _of_countries() -> Iterator[str]:
    """Names of countries that are no market with a French name of its own."""
    with (SEEDS / "controls" / "countries.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            yield row["name"]


def brought_up_to_date(path: Path, said: Iterable[tuple[Message, str]]) -> Catalog:
    """The catalogue of a file with exactly the messages that are said, French kept where there is any."""
    with path.open("rb") as stream:
        held = read_po(stream, locale="fr")
    fresh = Catalog(
        locale="fr", project="Triveni", charset="utf-8", fuzzy=False, copyright_holder="", msgid_bugs_address=""
    )
    fresh.header_comment = held.header_comment
    for message, where in said:
        key = message[0] if isinstance(message, tuple) else message
        before = held.get(key)
        fresh.add(message, string=before.string if before and before.string else None, locations=[(where, None)])
    return fresh


def untranslated(path: Path, said: Iterable[tuple[Message, str]]) -> list[str]:
    """Messages without French, or with a translation that somebody doubts (fuzzy)."""
    with path.open("rb") as stream:
        held = read_po(stream, locale="fr")
    missing = []
    for message, where in said:
        key = message[0] if isinstance(message, tuple) else message
        found = held.get(key)
        strings = () if found is None else found.string if isinstance(found.string, tuple) else (found.string,)
        if not strings or not all(strings) or (found is not None and found.fuzzy):
            missing.append(f"{where}: {key}")
    return sorted(set(missing))


def main() -> None:
    """Write both catalogues."""
    for path, said in zip(CATALOGUES, (said_in_code(), said_in_seeds()), strict=True):
        catalogue = brought_up_to_date(path, said)
        with path.open("wb") as stream:
            write_po(stream, catalogue, width=120, omit_header=False, sort_output=True, include_lineno=False)


if __name__ == "__main__":
    main()
