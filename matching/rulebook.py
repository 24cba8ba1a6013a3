"""The rulebook: control rules and country tables read from a folder, each checked before any is used.

Whatever does not fit stops the load with the file, line and path, what stood there and what could stand
there. A rule without a citation, or without an example that bites and one that does not, does not load.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError

from matching.facts import Consignee, EndUser, Facts, Item, Owner, Party, Uav
from matching.predicates import CountryRow, Test, Wording
from matching.profile import Classification, Component, Frozen, Label
from matching.rules import (
    COLUMNS,
    FACTS,
    FLAG_COLUMNS,
    PARTY_ASKS,
    SET_COLUMNS,
    WORD_COLUMNS,
    Example,
    Language,
    Misread,
    Outcome,
    Period,
    Place,
    Rule,
    RuleError,
    suggestion,
)


class Term(Frozen):
    """A condition with a name, as a statute defines a word once and uses it often."""

    words: Label
    citation: Label
    when: Any


class Conclusion(Frozen):
    """A fact that follows from others where nobody has told it, and the provision it follows from."""

    fact: str
    value: bool | tuple[()]
    when: Any
    words: Label
    citation: Label
    ask_first: bool = False
    """Ask what the condition misses, not the fact: the answer may settle it."""


class Sheet(Frozen):
    """What one YAML file of the rulebook may hold."""

    holds_from: date | None = None
    """The rulebook answers for no earlier day."""
    terms: dict[str, Term] = Field(default_factory=dict)
    conclusions: tuple[Conclusion, ...] = ()
    wording: dict[str, Wording] = Field(default_factory=dict)
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Rulebook:
    """Every rule held, what they are asked with, and a hash of the content; itself a key for caches."""

    rules: tuple[Rule, ...]
    """In the order of asking."""
    tests: Mapping[str, Test]
    """The condition of each rule, by its id."""
    conclusions: tuple[tuple[Conclusion, Test], ...]
    wording: Mapping[str, Wording]
    holds_from: date
    version: str
    max_age_days: int
    """The agreed age: a rule whose source was last read longer ago marks every verdict it touches as stale."""
    starts: tuple[date, ...]
    """The days on which the country table changes..."""
    tables: tuple[Mapping[str, CountryRow], ...]
    """...and the table from each of them on."""

    def countries(self, on: date) -> Mapping[str, CountryRow]:
        """The country table of a day, by ISO 3166-1 alpha-3 code."""
        return self.tables[max(bisect_right(self.starts, on) - 1, 0)]

    def is_stale(self, rule: Rule, on: date) -> bool:
        """Whether the rule's source was last read longer before the day than agreed."""
        return (on - rule.as_of).days > self.max_age_days


MAX_AGE_DAYS = 180
"""As suggested in ``reference/export-control.md`` §9."""


def stale(rulebook: Rulebook, on: date) -> tuple[Rule, ...]:
    """Rules in force whose source was last read longer ago than agreed: to be read again before use."""
    return tuple(rule for rule in rulebook.rules if rule.holds(on) and rulebook.is_stale(rule, on))


def load_rulebook(folder: Path, max_age_days: int = MAX_AGE_DAYS) -> Rulebook:
    """Read, check and join all files of the folder; RuleError names the first thing that does not fit.

    ``max_age_days`` is part of the version: answers carry stale marks by it.
    """
    sheets = [_Page(path) for path in sorted(folder.glob("*.yaml"))]
    parsed = [(page, page.as_sheet()) for page in sheets]
    rows = _CountryTable(folder)
    if not any(sheet.rules for _, sheet in parsed):
        raise RuleError(str(folder), 0, "", "no rule", "files named *.yaml with rules")
    language = _language(parsed, rows.words())
    rules, tests = _rules(parsed, language)
    starts, tables = rows.by_day()
    return Rulebook(
        rules=tuple(sorted(rules, key=lambda rule: (rule.order, rule.id))),
        tests=tests,
        conclusions=_conclusions(parsed, language),
        wording=_joined_wording(parsed),
        holds_from=max(s.holds_from or date.min for _, s in parsed),
        version=_version([*((p.file.name, p.value) for p in sheets), *rows.content(), ("max_age_days", max_age_days)]),
        max_age_days=max_age_days,
        starts=starts,
        tables=tables,
    )


# --- YAML with lines -------------------------------------------------------------------------------


_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Page:
    """One YAML file: its plain value, and the line on which each part of it stands."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.lines: dict[Place, int] = {}
        self._scalars = yaml.SafeLoader("")
        try:
            node = yaml.compose(file.read_text(encoding="utf-8"), Loader=_LOADER)
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            mark = getattr(error, "problem_mark", None)
            found = getattr(error, "problem", None) or str(error)
            line = mark.line + 1 if mark else 1
            raise RuleError(str(file), line, "", str(found), "a YAML file in UTF-8") from error
        self.value = {} if node is None else self._plain(node, ())

    def _plain(self, node: yaml.Node, at: Place) -> Any:
        self.lines.setdefault(at, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, at)
        if isinstance(node, yaml.SequenceNode):
            return [self._plain(inner, (*at, i)) for i, inner in enumerate(node.value)]
        try:
            return self._scalars.construct_object(node)
        except ValueError as error:
            raise self.error(at, repr(node.value), f"a value that exists ({error})") from error

    def _mapping(self, node: yaml.MappingNode, at: Place) -> dict[str, Any]:
        plain: dict[str, Any] = {}
        for key, inner in node.value:
            name = str(key.value)  # as written: YAML 1.1 would read `on` as true
            place = (*at, name)
            self.lines[place] = key.start_mark.line + 1
            if name in plain:
                raise self.error(place, f"{name!r} a second time", "each key once")
            plain[name] = self._plain(inner, place)
        return plain

    def error(self, at: Place, found: str, expected: str) -> RuleError:
        """The error for a place in this file; a place that is not there takes its parent's line."""
        known = at
        while known not in self.lines and known:
            known = known[:-1]
        shown = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in at).lstrip(".")
        return RuleError(str(self.file), self.lines.get(known, 1), shown, found, expected)

    def as_sheet(self) -> Sheet:
        """The file as rules, terms, conclusions and wording."""
        try:
            return Sheet.model_validate(self.value)
        except ValidationError as error:
            told = error.errors(include_url=False)
            # A misspelt key is both unknown and missing: say the former, which shows where it stands.
            first = next((e for e in told if e["type"] == "extra_forbidden"), told[0])
            at: Place = tuple(first["loc"])
            found, expected = repr(first["input"])[:120], str(first["msg"])
            if first["type"] == "extra_forbidden":
                found = f"unknown key {at[-1]!r}"
                expected = suggestion(str(at[-1]), _keys_at(at))
            elif first["type"] == "missing":
                found, expected = "nothing", f"the key {at[-1]!r}"
            elif isinstance(first["input"], dict):
                found = repr(first["input"].get("id", "this mapping"))
            raise self.error(at, found, expected.removeprefix("Value error, ")) from error


_SHAPES: Mapping[str | int, type[Frozen]] = {
    "rules": Rule,
    "terms": Term,
    "conclusions": Conclusion,
    "wording": Wording,
    "in_force": Period,
    "examples": Example,
    "given": Facts,
    "item": Item,
    "uav": Uav,
    "consignee_in_india": Consignee,
    "end_user": EndUser,
    "parties": Party,
    "owners": Owner,
    "components": Component,
    "classifications": Classification,
}


def _keys_at(at: Place) -> list[str]:
    """The keys that a mapping at this place of a sheet may have."""
    shape = next((_SHAPES[step] for step in reversed(at[:-1]) if step in _SHAPES), Sheet)
    return [field.alias or name for name, field in shape.model_fields.items()]


# --- Joining the files -----------------------------------------------------------------------------

Parsed = list[tuple[_Page, Sheet]]


def _read(page: _Page, language: Language, when: object, at: Place) -> Test:
    try:
        return language.read(when, (*at, "when"))
    except Misread as error:
        raise page.error(error.path, repr(error.found), error.expected) from error


def _joined_wording(parsed: Parsed) -> dict[str, Wording]:
    """The wording of every fact and column; each has one, and there is none for what does not exist."""
    needed = {*FACTS, *(f"countries.{column}" for column in COLUMNS), *PARTY_ASKS}
    wording: dict[str, Wording] = {}
    for page, sheet in parsed:
        for path, words in sheet.wording.items():
            if path not in needed or path in wording:
                expected = "each path once" if path in wording else suggestion(path, needed)
                raise page.error(("wording", path), repr(path), expected)
            wording[path] = words
    if missing := sorted(needed - set(wording)):
        page = parsed[-1][0]
        raise page.error(("wording",), f"no wording for {', '.join(missing)}", "one for every fact")
    return wording


def _language(parsed: Parsed, column_words: Mapping[str, frozenset[str]]) -> Language:
    """The terms, in the order of the files: each may use those defined before it."""
    terms: dict[str, Test] = {}
    language = Language(terms, column_words)
    for page, sheet in parsed:
        for name, term in sheet.terms.items():
            terms[name] = _read(page, language, term.when, ("terms", name))
    return language


def _conclusions(parsed: Parsed, language: Language) -> tuple[tuple[Conclusion, Test], ...]:
    read = []
    for page, sheet in parsed:
        for i, conclusion in enumerate(sheet.conclusions):
            at: Place = ("conclusions", i)
            if conclusion.fact not in FACTS:
                raise page.error((*at, "fact"), repr(conclusion.fact), suggestion(conclusion.fact, FACTS))
            read.append((conclusion, _read(page, language, conclusion.when, at)))
    return tuple(read)


def _rules(parsed: Parsed, language: Language) -> tuple[list[Rule], dict[str, Test]]:
    rules: list[Rule] = []
    tests: dict[str, Test] = {}
    for page, sheet in parsed:
        for i, rule in enumerate(sheet.rules):
            if rule.id in tests:
                raise page.error(("rules", i, "id"), repr(rule.id), "an id that no other rule has")
            tests[rule.id] = _read(page, language, rule.when, ("rules", i))
            rules.append(rule)
    _check_replaces(parsed, {rule.id for rule in rules if rule.outcome is Outcome.PERMIT})
    _check_last(parsed, max(rule.order for rule in rules))
    return rules, tests


def _check_replaces(parsed: Parsed, permits: set[str]) -> None:
    for page, sheet in parsed:
        for i, rule in enumerate(sheet.rules):
            for j, name in enumerate(rule.replaces):
                if name not in permits:
                    at: Place = ("rules", i, "replaces", j)
                    raise page.error(at, repr(name), "a PERMIT rule, " + suggestion(name, permits))


def _check_last(parsed: Parsed, last: int) -> None:
    """A rule that asks whether anything else bites must be asked last."""
    for page, sheet in parsed:
        for i, rule in enumerate(sheet.rules):
            if "nothing_else" in rule.when and rule.order < last:
                raise page.error(("rules", i, "order"), str(rule.order), f"at least {last}, to be last")


def _version(content: list[tuple[str, Any]]) -> str:
    """A hash of what the files say: layout and comments do not count, every value does."""
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, default=date.isoformat)
    return hashlib.sha256(canonical.encode()).hexdigest()


# --- The country tables ----------------------------------------------------------------------------


class _CountryTable:
    """countries.csv with embargoes.csv: dated rows of what the law says of each country."""

    def __init__(self, folder: Path) -> None:
        self._countries = _Csv(folder / "countries.csv", {"iso3", "name", "from", "until", *COLUMNS} - _JOINED)
        self._embargoes = _Csv(folder / "embargoes.csv", set(_EMBARGO_COLUMNS))

    def content(self) -> list[tuple[str, Any]]:
        """The rows as read, for the hash."""
        return [(t.file.name, t.rows) for t in (self._countries, self._embargoes)]

    def words(self) -> dict[str, frozenset[str]]:
        """The words that stand in each column of words: a condition may test for no others."""
        words = {c: self._countries.words(c) for c in (WORD_COLUMNS | SET_COLUMNS) - _JOINED}
        words["canadian_embargo"] = self._embargoes.words("default_outcome") | {"none"}
        return words

    def by_day(self) -> tuple[tuple[date, ...], tuple[Mapping[str, CountryRow], ...]]:
        """The days on which the table changes, and the table from each of them on."""
        edges = {date.min}
        for table in (self._countries, self._embargoes):
            for period in table.periods:
                edges.add(period.from_)
                if period.until:
                    edges.add(period.until + timedelta(days=1))
        starts = tuple(sorted(edges))
        return starts, tuple(self._on(day) for day in starts)

    def _on(self, day: date) -> dict[str, CountryRow]:
        embargoes = {row["iso3"]: row for row in self._embargoes.on(day)}
        table: dict[str, CountryRow] = {}
        for row in self._countries.on(day):
            cells: dict[str, object] = {c: _cell(c, row[c]) for c in COLUMNS - _JOINED}
            embargo = embargoes.get(row["iso3"])
            cells["name"] = row["name"]
            cells["canadian_embargo"] = embargo["default_outcome"] if embargo else "none"
            if embargo:
                cells["canadian_embargo_words"] = (
                    f"{embargo['instrument']} s.{embargo['section']} applies to {row['name']}; "
                    f"exceptions stated there: {embargo['exceptions']}"
                )
            table[row["iso3"]] = cells
        return table


_JOINED = frozenset({"canadian_embargo"})
_EMBARGO_COLUMNS = ("iso3", "from", "until", "instrument", "section", "exceptions", "default_outcome")


def _cell(column: str, text: str) -> object:
    """A cell's value; a blank is unknown, never no."""
    if not text:
        return None
    if column in FLAG_COLUMNS:
        return text == "yes"
    if column in SET_COLUMNS:
        return frozenset(text.split(";"))
    return text


class _Csv:
    """A dated table: its rows, the period of each, and errors that name the row's line."""

    def __init__(self, file: Path, columns: set[str]) -> None:
        self.file = file
        try:
            reader = csv.DictReader(io.StringIO(file.read_text(encoding="utf-8")), strict=True)
            self.rows = [dict(row) for row in reader]
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise RuleError(str(file), 1, "", str(error), "a CSV table in UTF-8") from error
        if missing := columns - set(reader.fieldnames or ()):
            raise RuleError(str(file), 1, "", f"no column {min(missing)}", "that column")
        self.periods = [self._period(row, line) for line, row in enumerate(self.rows, start=2)]
        for line, row in enumerate(self.rows, start=2):
            self._check(row, line, columns)

    def _period(self, row: dict[str, str], line: int) -> Period:
        told = {"from": row["from"] or date.min, "until": row["until"] or None}
        try:
            return Period.model_validate(told)
        except ValidationError as error:
            found = f"{row['from']!r} to {row['until']!r}"
            raise self._error(line, "from", found, "dates like 2026-11-22, in order") from error

    def _check(self, row: dict[str, str], line: int, columns: set[str]) -> None:
        for column in sorted(columns & FLAG_COLUMNS):
            if row[column] not in ("yes", "no", ""):
                raise self._error(line, column, repr(row[column]), "yes, no or blank (unknown)")
        mine = self.periods[line - 2]
        for other, period in zip(self.rows[: line - 2], self.periods, strict=False):
            if other["iso3"] == row["iso3"] and _overlap(mine, period):
                raise self._error(line, "iso3", f"{row['iso3']} again", "periods that do not overlap")

    def _error(self, line: int, column: str, found: str, expected: str) -> RuleError:
        return RuleError(str(self.file), line, column, found, expected)

    def on(self, day: date) -> list[dict[str, str]]:
        """The rows in force on the day."""
        return [r for r, p in zip(self.rows, self.periods, strict=True) if p.holds(day)]

    def words(self, column: str) -> frozenset[str]:
        """Every word that stands in the column."""
        return frozenset(w for row in self.rows for w in row[column].split(";") if w)


def _overlap(one: Period, other: Period) -> bool:
    return one.from_ <= (other.until or date.max) and other.from_ <= (one.until or date.max)
