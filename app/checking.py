"""What would happen if a file were accepted: each row against what is on file, field by field, and duplicates. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from app.cells import LeftOut
from app.intake import Members
from app.mapping import folded
from app.rows import FirmRow, RowNote, RowProblem, profile_of
from matching.identity import Likely, Register
from matching.profile import Profile

Outcome = Literal["new", "changed", "unchanged", "problem"]
Progress = Callable[[str, int, int], None]
"""What is being done, how much of it is done, and of how much."""


@dataclass(frozen=True, slots=True)
class Held:
    """A firm that the association has on file."""

    id: str
    revision: int
    profile: Profile
    archived: bool = False
    also: tuple[str, ...] = ()
    """Names of records that a person merged into this one."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that would change: what is on file and what the sheet says, as JSON."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Checked:
    """How a row ends: new, changed, unchanged, or with problems; and the Profile it makes unless it has problems."""

    row: FirmRow
    outcome: Outcome
    profile: Profile | None = None
    held: Held | None = None
    changes: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A row that may be of a firm that stands elsewhere, too: ``scope`` says where, ``because`` why.

    Of another association's firm nothing but that it may be there is told: no name, no score, no reason.
    """

    scope: Literal["sheet", "association", "public", "elsewhere"]
    sheet: str
    row: int
    name: str
    other: str | None
    score: float | None
    because: tuple[str, ...]


@dataclass(frozen=True)
class Findings:
    """All that a check finds, before screening."""

    rows: tuple[Checked, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
    row_notes: tuple[RowNote, ...]
    missing: tuple[str, ...]
    """Ids of firms on file that the sheet does not speak of."""

    @property
    def problems(self) -> list[RowProblem]:
        """Every complaint, in order of the rows."""
        return [problem for checked in self.rows for problem in checked.row.problems]


def check_rows(members: Members, held: Sequence[Held], progress: Progress) -> Findings:
    """Each row of a file against what the association has on file."""
    register = _OnFile(held)
    seen: dict[str, FirmRow] = {}
    rows: list[Checked] = []
    left_out = list(members.left_out)
    met: set[str] = set()
    for at, read in enumerate(members.rows):
        row = read
        if at % 100 == 0:
            progress("rows", at, len(members.rows))
        base = register.firm_of(row)
        key = base.id if base else _key(row)
        if base:
            met.add(base.id)
        if key and key in seen:
            if row.given == seen[key].given and not row.problems:
                where = f"{row.sheet}!{row.rows[0]}"
                left_out.append(LeftOut("row", where, f"it says the same as row {seen[key].rows[0]}: “{row.name}”"))
                continue
            row = _said_twice(row, seen[key])
        elif key:
            seen[key] = row
        rows.append(_checked(row, base))
    progress("rows", len(members.rows), len(members.rows))
    missing = tuple(firm.id for firm in held if firm.id not in met and not firm.archived)
    return Findings(tuple(rows), tuple(left_out), members.notes, tuple(members.row_notes), missing)


def _key(row: FirmRow) -> str:
    return f"{folded(row.name)} {row.given.get('country') or ''}" if row.name else ""


def _said_twice(row: FirmRow, first: FirmRow) -> FirmRow:
    where = f"row {first.rows[0]}" + (f" of {first.sheet}" if first.sheet != row.sheet else "")
    return row.complain(
        f"the same firm stands in {where}, with other words",
        "keep one row for each firm; part what it offers by semicolons",
        value=row.name,
    )


class _OnFile:
    """The association's firms by name and by number."""

    def __init__(self, held: Sequence[Held]) -> None:
        self._by_number: dict[tuple[str, str], Held] = {}
        self._by_name: dict[str, list[Held]] = {}
        for firm in held:
            for number in firm.profile.identifiers:
                self._by_number[number.scheme, number.value] = firm
            for name in dict.fromkeys(map(folded, (firm.profile.name, *firm.also))):
                self._by_name.setdefault(name, []).append(firm)

    def firm_of(self, row: FirmRow) -> Held | None:
        """The firm on file that a row is of: by a register's number, or by exactly the same name."""
        for number in row.given.get("identifiers", ()):
            if found := self._by_number.get((number.scheme, number.value)):
                return found
        named = self._by_name.get(folded(row.name), []) if row.name else []
        country = row.given.get("country")
        fitting = [firm for firm in named if country in (None, firm.profile.country)]
        return fitting[0] if len(fitting) == 1 else None


def _checked(row: FirmRow, held: Held | None) -> Checked:
    if held is not None and held.archived:
        row = row.complain("the firm's record is archived", "reopen the record before its profile is changed")
    made = profile_of(row, held.profile if held else None)
    if isinstance(made, FirmRow):
        return Checked(made, "problem", held=held)
    if held is None:
        return Checked(row, "new", made)
    changes = tuple(changed_fields(held.profile, made))
    return Checked(row, "changed" if changes else "unchanged", made, held, changes)


def changed_fields(before: Profile, after: Profile) -> list[FieldChange]:
    """The fields in which two profiles differ, in the order of Profile."""
    if before == after:
        return []
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    return [FieldChange(name, old[name], new[name]) for name in Profile.model_fields if old[name] != new[name]]


@dataclass(frozen=True)
class Elsewhere:
    """Firms that the association does not answer for, by id: what of them may be told."""

    public: Mapping[str, Profile]
    """Compiled from public sources: told with reasons."""
    others: Mapping[str, Profile]
    """Of other associations: told only as being there."""


def find_duplicates(findings: Findings, held: Sequence[Held], elsewhere: Elsewhere) -> tuple[Duplicate, ...]:
    """Rows that may be of firms that stand in the sheet, in the association or elsewhere as well."""
    ready = {f"{c.row.sheet}!{c.row.rows[0]}": c for c in findings.rows if c.profile and c.outcome != "unchanged"}
    profiles = {at: checked.profile for at, checked in ready.items() if checked.profile}
    found = [_of_sheet(likely, ready) for likely in Register(profiles).near(profiles)]
    own = Register({firm.id: firm.profile for firm in held if not firm.archived})
    for likely in own.near(profiles):
        at = ready[likely.one]
        if at.held is None or at.held.id != likely.other:
            found.append(_told("association", at, likely, own.profiles[likely.other].name))
    public = Register(elsewhere.public)
    found += [
        _told("public", ready[likely.one], likely, public.profiles[likely.other].name)
        for likely in public.near(profiles)
    ]
    known = {likely.one for likely in Register(elsewhere.others).near(profiles)}
    found += [
        Duplicate("elsewhere", c.row.sheet, c.row.rows[0], c.row.name, None, None, ())
        for at, c in ready.items()
        if at in known
    ]
    return tuple(found)


def _of_sheet(likely: Likely, ready: Mapping[str, Checked]) -> Duplicate:
    first, second = sorted((ready[likely.one], ready[likely.other]), key=lambda c: (c.row.sheet, c.row.rows[0]))
    other = f"{first.row.name} ({first.row.sheet}!{first.row.rows[0]})"
    return Duplicate(
        "sheet", second.row.sheet, second.row.rows[0], second.row.name, other, likely.score, likely.because
    )


def _told(scope: Literal["association", "public"], at: Checked, likely: Likely, name: str) -> Duplicate:
    other = f"{name} ({likely.other})"
    return Duplicate(scope, at.row.sheet, at.row.rows[0], at.row.name, other, likely.score, likely.because)


def counts(findings: Findings) -> dict[str, int]:
    """How many rows of the file ended how; a row that several rows of the sheet make up counts as those."""
    number = {outcome: sum(c.outcome == outcome for c in findings.rows) for outcome in ("new", "changed", "unchanged")}
    ready = sum(len(c.row.rows) for c in findings.rows if c.outcome != "problem")
    return {"rows": sum(len(c.row.rows) for c in findings.rows), "ready": ready} | number


def plain(item: Any) -> dict[str, Any]:
    """One of these values as JSON keeps it."""
    return asdict(item)
