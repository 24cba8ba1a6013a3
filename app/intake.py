"""What comes in, to Profiles: an association's sheets, records of the public-source compilation, briefs. Pure.

A sheet is any spreadsheet or text file with a row for each firm; a record is one line of a firm file (the layout that
``triveni evaluate`` meets in a corpus); a brief is a paragraph about a firm that is not on file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from app import mapping as mappings
from app.cells import LeftOut, Sheet
from app.columns import columns
from app.errors import Invalid, TooLarge
from app.mapping import Catalogue, MappingFile, Table
from app.rows import FORM_MARK, FirmRow, RowNote, read_rows
from app.sheets import Workbook, read_sheets
from matching.profile import Profile, Readiness, Statement
from matching.taxonomy import Taxonomy, TaxonomyError

BRIEF_LIMIT = 20_000
"""Characters of a brief; longer texts are refused, not cut."""

STATEMENT_LIMIT = 4_000
"""Characters of one statement (Profile's own limit)."""

_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+")
_TRL = re.compile(r"\bTRL[ -]?([1-9])\b(?![.,]?\d)", re.IGNORECASE)
_SEEKING = re.compile(
    r"\b(seek|seeks|seeking|look(?:s|ing)? for|want|wants|wish|wishes|need|needs|requires?|search(?:es|ing)? for|"
    r"cherche|cherchons|recherche|recherchons|souhaite|souhaitons|besoin)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Members:
    """What a file says of firms: its tables, with what each column was taken for, its rows, and what was left out."""

    kind: str
    tables: tuple[Table, ...]
    rows: tuple[FirmRow, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
    """About the file; notes about a cell stand with its row."""
    form: str = ""
    """The version cell of our own form, where the file is one."""

    @property
    def row_notes(self) -> list[RowNote]:
        """Every cell that was read otherwise than it is written."""
        return [note for row in self.rows for note in row.notes]


@lru_cache(maxsize=4)
def _catalogue(taxonomy: Taxonomy) -> Catalogue:
    return Catalogue(columns(taxonomy))


def read_members(content: bytes, file_name: str, taxonomy: Taxonomy, given: MappingFile | None = None) -> Members:
    """The firms of an association's file. Every row below a header is among the rows, or left out with the reason.

    Raises Invalid or TooLarge for a file that cannot be read at all, and Invalid for a mapping to unknown columns.
    """
    given = given or MappingFile()
    check_mapping(given, taxonomy)
    return members_of(read_sheets(content, file_name), taxonomy, given)


def check_mapping(given: MappingFile, taxonomy: Taxonomy) -> None:
    """Raise Invalid for a mapping to columns that are not known."""
    catalogue = _catalogue(taxonomy)
    if unknown := mappings.check_mapping(given, catalogue):
        known = ", ".join(key for key, column in catalogue.columns.items() if column.group != "never")
        raise Invalid(f"the mapping names columns that are not known: {', '.join(unknown)}", hint=f"known: {known}")


def members_of(book: Workbook, taxonomy: Taxonomy, given: MappingFile) -> Members:
    """The firms that the sheets of a file speak of."""
    catalogue = _catalogue(taxonomy)
    tables, left_out = mappings.tables(book.sheets, catalogue, given)
    left_out = [*book.left_out, *(item for sheet in book.sheets for item in sheet.left_out), *left_out]
    rows: list[FirmRow] = []
    for table in tables:
        found, aside = read_rows(table, catalogue.columns, given)
        rows += found
        left_out += [*table.left_out, *aside, *(item for row in found for item in row.left_out)]
    notes = [note for sheet in book.sheets for note in sheet.notes]
    form = next((sheet.rows[0].texts[0] for sheet in book.sheets if _is_form(sheet)), "")
    if form:  # its lists and its explanations are ours
        left_out = [item for item in left_out if item.what != "sheet"]
    return Members(book.kind, tuple(tables), tuple(rows), tuple(left_out), tuple(notes), form)


def _is_form(sheet: Sheet) -> bool:
    return bool(sheet.rows) and sheet.rows[0].texts[0].startswith(FORM_MARK)


def read_record(record: Mapping[str, Any]) -> Profile:
    """A Profile from a record of the public-source compilation.

    Canadian records list ``technologies`` with a TRL each, Indian ones ``capabilities`` with a range over the firm.
    Raises pydantic.ValidationError naming the field that does not fit.
    """
    low, high = record.get("trl_low"), record.get("trl_high")
    overall = Readiness(trl_low=low, trl_high=high, basis="estimate over all that the firm makes" if low else None)
    offers = [
        Statement(
            side="offers",
            text=item["statement"],
            title=item.get("title"),
            readiness=Readiness(trl_low=item.get("trl"), trl_high=item.get("trl"), basis=item.get("trl_basis")),
        )
        for item in record.get("technologies") or ()
    ] + [
        Statement(side="offers", text=text, readiness=overall)
        for text in dict.fromkeys(record.get("capabilities") or ())
    ]
    seeks = [Statement(side="seeks", text=text) for text in dict.fromkeys(record.get("seeks") or ())]
    kept = ("name", "country", "city", "lat", "lon", "website", "founded", "employees_band", "ownership", "parent")
    several = ("aliases", "roles", "sectors", "sites", "certifications", "export_markets", "languages")
    return Profile.model_validate(
        {key: record.get(key) for key in kept}
        | {key: tuple(record.get(key) or ()) for key in several}
        | {
            "region": record.get("province") or record.get("state"),
            "statements": (*offers, *seeks),
            "export_notes": record.get("export_notes"),
            "summary_fr": record.get("summary_fr"),
            "exposure": {
                "us_parent_or_us_vc": record.get("us_parent_or_us_vc"),
                "us_parent_or_us_vc_source": record.get("us_parent_or_us_vc_source"),
                "notes": record.get("export_control_notes"),
            },
            "provenance": "public_sources",
            "confidence": record.get("confidence"),
            "unchecked_fields": tuple(record.get("memory_fields") or ()),
            "sources": tuple(
                {"url": s.get("url"), "what": s.get("what"), "dated": s.get("date") or s.get("accessed_or_date")}
                for s in record.get("sources") or ()
            ),
        }
    )


def read_brief(
    text: str,
    taxonomy: Taxonomy,
    *,
    country: str = "CAN",
    trl: int | None = None,
    sectors: Sequence[str] = (),
) -> Profile:
    """A Profile from a paragraph about a firm that is not on file.

    The whole text is what is asked for; each sentence is taken as an offer unless it speaks of seeking (or all do).
    Sectors not given are suggested from the words, and a TRL not given is read from a text that names one.

    Raises Invalid for an empty text, a TRL off the scale or an unknown sector, TooLarge for a text of over 20,000
    characters.
    """
    text = text.strip()
    if not text:
        raise Invalid("the brief is empty", hint="say in a few sentences what the firm offers and what it looks for")
    if len(text) > BRIEF_LIMIT:
        raise TooLarge(
            f"the brief has {len(text):,} characters; at most {BRIEF_LIMIT:,} are taken",
            hint="keep the paragraphs that say what is offered and what is sought",
        )
    if trl is not None and not 1 <= trl <= 9:
        raise Invalid(f"TRL {trl} is off the scale", hint="technology readiness levels run from 1 to 9")
    try:
        known = tuple(taxonomy.sector(code).code for code in sectors) or tuple(
            suggestion.code for suggestion in taxonomy.suggest(text)
        )
    except TaxonomyError as problem:
        hint = "GET /api/v1/sectors and seeds/sectors/sectors.csv list the codes"
        raise Invalid(str(problem), hint=hint) from problem
    readiness = _readiness(trl, text)
    whole = [
        Statement(side="seeks", text=piece, sectors=known, readiness=readiness)
        for piece in _pieces(text, STATEMENT_LIMIT)
    ]
    sentences = list(dict.fromkeys(_sentences(text)))
    offered = [sentence for sentence in sentences if not _SEEKING.search(sentence)] or sentences
    offers = [Statement(side="offers", text=sentence, sectors=known, readiness=readiness) for sentence in offered]
    return Profile(
        name="The firm of the brief",
        country=country,
        sectors=known,
        statements=(*whole, *offers),
        provenance="request",
        inferred_fields=() if sectors else ("sectors",),
    )


def _readiness(trl: int | None, text: str) -> Readiness:
    if trl is not None:
        return Readiness(trl_low=trl, trl_high=trl, basis="as asked")
    named = sorted({int(level) for level in _TRL.findall(text)})
    if not named:
        return Readiness()
    return Readiness(trl_low=named[0], trl_high=named[-1], basis="read from the brief")


def _sentences(text: str) -> list[str]:
    return [
        piece
        for sentence in _SENTENCE.split(text)
        if len(sentence.strip()) > 2
        for piece in _pieces(sentence.strip(), STATEMENT_LIMIT)
    ]


def _pieces(text: str, length: int) -> list[str]:
    """The text in pieces of at most ``length`` characters, cut between words; no character but blanks is lost."""
    pieces = []
    while len(text) > length:
        cut = text.rfind(" ", 0, length + 1)
        cut = cut if cut > 0 else length
        pieces.append(text[:cut].strip())
        text = text[cut:].strip()
    return list(dict.fromkeys([*pieces, text] if text else pieces))
