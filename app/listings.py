"""List files, as their publishers write them, to entries (pure).

Six layouts are told apart by their content: our own condensed CSV; the US Consolidated Screening List of trade.gov as
CSV and as JSON; Canada's consolidated autonomous sanctions list (XML; its fields as the OpenSanctions crawler reads
them); the UN Security Council's consolidated list (XML); OpenSanctions FollowTheMoney (JSON lines).

A file is taken whole or not at all: one entry that cannot be read refuses it, with its place and what is wrong, so that
no listed party is lost quietly.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import lzma
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

from app.errors import Invalid
from matching.likeness import Kind
from matching.names import UnreadableName, read_name
from matching.screening import Entry

UNPACKED_LIMIT = 300 * 1024 * 1024
COLUMNS = ("id", "code", "name", "aliases", "kind", "countries", "reference")
BETWEEN = " ; "
"""Between the aliases, and between the countries, of one cell."""

_ISO = """
ADAND AEARE AFAFG AGATG AIAIA ALALB AMARM AOAGO AQATA ARARG ASASM ATAUT AUAUS AWABW AXALA AZAZE BABIH BBBRB
BDBGD BEBEL BFBFA BGBGR BHBHR BIBDI BJBEN BLBLM BMBMU BNBRN BOBOL BQBES BRBRA BSBHS BTBTN BVBVT BWBWA BYBLR
BZBLZ CACAN CCCCK CDCOD CFCAF CGCOG CHCHE CICIV CKCOK CLCHL CMCMR CNCHN COCOL CRCRI CUCUB CVCPV CWCUW CXCXR
CYCYP CZCZE DEDEU DJDJI DKDNK DMDMA DODOM DZDZA ECECU EEEST EGEGY EHESH ERERI ESESP ETETH FIFIN FJFJI FKFLK
FMFSM FOFRO FRFRA GAGAB GBGBR GDGRD GEGEO GFGUF GGGGY GHGHA GIGIB GLGRL GMGMB GNGIN GPGLP GQGNQ GRGRC GSSGS
GTGTM GUGUM GWGNB GYGUY HKHKG HMHMD HNHND HRHRV HTHTI HUHUN IDIDN IEIRL ILISR IMIMN ININD IOIOT IQIRQ IRIRN
ISISL ITITA JEJEY JMJAM JOJOR JPJPN KEKEN KGKGZ KHKHM KIKIR KMCOM KNKNA KPPRK KRKOR KWKWT KYCYM KZKAZ LALAO
LBLBN LCLCA LILIE LKLKA LRLBR LSLSO LTLTU LULUX LVLVA LYLBY MAMAR MCMCO MDMDA MEMNE MFMAF MGMDG MHMHL MKMKD
MLMLI MMMMR MNMNG MOMAC MPMNP MQMTQ MRMRT MSMSR MTMLT MUMUS MVMDV MWMWI MXMEX MYMYS MZMOZ NANAM NCNCL NENER
NFNFK NGNGA NINIC NLNLD NONOR NPNPL NRNRU NUNIU NZNZL OMOMN PAPAN PEPER PFPYF PGPNG PHPHL PKPAK PLPOL PMSPM
PNPCN PRPRI PSPSE PTPRT PWPLW PYPRY QAQAT REREU ROROU RSSRB RURUS RWRWA SASAU SBSLB SCSYC SDSDN SESWE SGSGP
SHSHN SISVN SJSJM SKSVK SLSLE SMSMR SNSEN SOSOM SRSUR SSSSD STSTP SVSLV SXSXM SYSYR SZSWZ TCTCA TDTCD TFATF
TGTGO THTHA TJTJK TKTKL TLTLS TMTKM TNTUN TOTON TRTUR TTTTO TVTUV TWTWN TZTZA UAUKR UGUGA UMUMI USUSA UYURY
UZUZB VAVAT VCVCT VEVEN VGVGB VIVIR VNVNM VUVUT WFWLF WSWSM YEYEM YTMYT ZAZAF ZMZMB ZWZWE
"""
ISO3 = {pair[:2]: pair[2:] for pair in _ISO.split()}
"""ISO 3166-1: alpha-2 to alpha-3."""


class RefusedList(Invalid):
    """A list file that is not taken; the list held before stays."""

    code = "list-refused"


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list file says: its entries, and the day it gives for itself where it gives one."""

    layout: str
    entries: tuple[Entry, ...]
    dated: str | None = None


@dataclass(frozen=True, slots=True)
class _Row:
    """One listed party as found, before it is checked."""

    at: str
    code: str
    name: str
    aliases: tuple[str, ...] = ()
    kind: Kind = "unknown"
    countries: tuple[str, ...] = ()
    reference: str = ""
    number: str = ""
    """The publisher's own number, if it has one: entries are known by it from release to release."""


def read_listing(content: bytes, list_id: str) -> Listing:
    """The entries of a list file; raises RefusedList naming the place and the fault."""
    content = _unpacked(content)
    layout = layout_of(content)
    rows, dated = _LAYOUTS[layout](content)
    return Listing(layout, _checked(rows, list_id), dated)


def layout_of(content: bytes) -> str:
    """Which of the layouts a file has, by its first kilobytes."""
    start = content[:4096].decode("utf-8", errors="replace").lstrip("\ufeff \r\n\t")
    if start.startswith("<"):
        if "<CONSOLIDATED_LIST" in start:
            return "un_xml"
        return "sema_xml" if re.search("<(data-set|record)", start) else _unknown_layout()
    if start.startswith("{"):
        return "ftm_jsonl" if '"schema"' in start.partition("\n")[0] else "csl_json"
    header = start.partition("\n")[0].strip().split(",")
    if tuple(header) == COLUMNS:
        return "condensed_csv"
    if {"source", "name", "alt_names"} <= {column.strip('" ') for column in header}:
        return "csl_csv"
    return _unknown_layout()


def _unknown_layout() -> str:
    raise RefusedList(
        "the file is in none of the layouts known",
        hint="known are: the US Consolidated Screening List (CSV, JSON), the lists of Canada and the UN (XML), "
        f"OpenSanctions FollowTheMoney (JSON lines), and CSV with the header {','.join(COLUMNS)}",
    )


def _unpacked(content: bytes) -> bytes:
    if not content.startswith(b"\xfd7zXZ\x00"):
        return content
    try:
        reader = lzma.LZMADecompressor()
        plain = reader.decompress(content, max_length=UNPACKED_LIMIT)
    except lzma.LZMAError as problem:
        raise RefusedList(f"the file looks like .xz and cannot be unpacked: {problem}") from problem
    if not reader.eof:
        why = "is cut short" if reader.needs_input else f"unpacks to more than {UNPACKED_LIMIT // 1024**2} MB"
        raise RefusedList(f"the .xz file {why}")
    return plain


def condense(entries: Iterable[Entry]) -> bytes:
    """Entries in our own layout, which is how a release is kept."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for entry in entries:
        cells = (BETWEEN.join(entry.aliases), entry.kind, BETWEEN.join(entry.countries), entry.reference)
        writer.writerow((entry.id, entry.code, entry.name, *cells))
    return out.getvalue().encode()


# --- Checking ---------------------------------------------------------------------------------------


def _checked(rows: Iterable[_Row], list_id: str) -> tuple[Entry, ...]:
    """Every row as an entry; the same party named twice in the same words is one entry."""
    entries: dict[str, Entry] = {}
    for row in rows:
        names = [_plain(name) for name in (row.name, *row.aliases)]
        _readable(names[0], row.at)
        aliases = tuple(dict.fromkeys(n for n in names[1:] if any(map(str.isalnum, n)) and n != names[0]))
        for alias in aliases:
            _readable(alias, row.at)
        entry_id = row.number if row.number.startswith(f"{list_id}:") else f"{list_id}:{_key(row, names[0])}"
        held = entries.get(entry_id)
        if held:  # a party listed twice, for example under two programmes
            aliases = tuple(dict.fromkeys((*held.aliases, *aliases, names[0])))
            aliases = tuple(alias for alias in aliases if alias != held.name)
        entries[entry_id] = Entry(
            id=entry_id,
            release=list_id,
            code=row.code,
            name=held.name if held else names[0],
            aliases=aliases,
            kind=row.kind,
            countries=tuple(dict.fromkeys((*(held.countries if held else ()), *row.countries))),
            reference=BETWEEN.join(dict.fromkeys(filter(None, (held.reference if held else "", row.reference)))),
        )
    if not entries:
        raise RefusedList("the file holds no entry")
    return tuple(entries.values())


def _key(row: _Row, name: str) -> str:
    return f"{row.code}-{row.number}" if row.number else f"{row.code}-{hashlib.sha256(name.encode()).hexdigest()[:12]}"


def _plain(name: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in name).split())


def _readable(name: str, at: str) -> None:
    try:
        read_name(name)
    except UnreadableName as problem:
        raise RefusedList(f"{at}: {problem}") from problem


def _countries(codes: Iterable[str]) -> tuple[str, ...]:
    """Codes of two or three letters as three letters; what is no code of a country is left out."""
    wanted = (ISO3.get(code.strip().upper(), code.strip().upper()) for code in codes)
    return tuple(dict.fromkeys(code for code in wanted if code in _ALL_ISO3))


_ALL_ISO3 = frozenset(ISO3.values())
_KINDS: dict[str, Kind] = {
    "entity": "entity", "individual": "individual", "vessel": "vessel", "aircraft": "aircraft",
    "person": "individual", "company": "entity", "organization": "entity", "legalentity": "entity",
    "publicbody": "entity", "airplane": "aircraft",
}  # fmt: skip


def _kind(word: str) -> Kind:
    return _KINDS.get(word.strip().lower(), "unknown")


# --- The layouts ------------------------------------------------------------------------------------

Rows = Iterable[_Row]


def _table(content: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        text = content.decode("utf-8-sig")
        table = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        for row in table:
            if None in row or None in row.values():
                raise RefusedList(
                    f"line {table.line_num}: {len(row)} cells where the header has {len(table.fieldnames or ())}"
                )
            yield table.line_num, row
    except UnicodeDecodeError as problem:
        raise RefusedList(f"byte {problem.start} is not UTF-8") from problem
    except csv.Error as problem:
        raise RefusedList(f"line {table.line_num}: not a CSV row: {problem}") from problem


def _condensed_csv(content: bytes) -> tuple[Rows, str | None]:
    return (
        _Row(
            at=f"line {line}",
            code=row["code"],
            name=row["name"],
            aliases=tuple(row["aliases"].split(BETWEEN)),
            kind=_kind(row["kind"]),
            countries=_countries(row["countries"].split(BETWEEN)),
            reference=row["reference"],
            number=row["id"],
        )
        for line, row in _table(content)
    ), None


def _csl_row(at: str, record: Mapping[str, Any], aliases: Iterable[str], countries: Iterable[str]) -> _Row:
    code = re.search(r"\(([A-Z-]+)(?: List)?\)", str(record.get("source") or ""))
    if code is None:
        raise RefusedList(f"{at}: no list code in the source {str(record.get('source'))[:80]!r}")
    programs = record.get("programs") or ""
    return _Row(
        at=at,
        code=code[1],
        name=str(record.get("name") or ""),
        aliases=tuple(aliases),
        kind=_kind(str(record.get("type") or "")),
        countries=_countries(countries),
        reference=programs if isinstance(programs, str) else ", ".join(programs),
        number=str(record.get("entity_number") or ""),
    )


def _csl_csv(content: bytes) -> tuple[Rows, str | None]:
    """trade.gov writes aliases and addresses with ; between, each address ending in its country's code."""
    return (
        _csl_row(
            f"line {line}",
            row,
            row["alt_names"].split(";"),
            (address.rsplit(",", 1)[-1] for address in row.get("addresses", "").split(";")),
        )
        for line, row in _table(content)
    ), None


def _csl_json(content: bytes) -> tuple[Rows, str | None]:
    document = _json(content, "the file")
    results = document.get("results")
    if not isinstance(results, list):
        raise RefusedList("no list “results” in the JSON document")
    return (
        _csl_row(
            f"results[{number}]",
            _object(record, f"results[{number}]"),
            record.get("alt_names") or (),
            (str(address.get("country") or "") for address in record.get("addresses") or ()),
        )
        for number, record in enumerate(results)
    ), document.get("search_performed_at")


def _json(text: bytes, at: str) -> dict[str, Any]:
    try:
        return _object(json.loads(text), at)
    except (json.JSONDecodeError, UnicodeDecodeError) as problem:
        raise RefusedList(f"{at}: not JSON: {problem}") from problem
    except RecursionError as problem:
        raise RefusedList(f"{at}: nested deeper than any list is") from problem


def _object(value: Any, at: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise RefusedList(f"{at}: expected an object, found {type(value).__name__}")
    return value


_FTM_NAMES = ("name", "alias", "previousName", "weakAlias")


def _ftm_jsonl(content: bytes) -> tuple[Rows, str | None]:
    """Persons, bodies, ships and aircraft under sanctions or export control; other schemata are passed by."""

    def rows() -> Iterator[_Row]:
        for number, line in enumerate(content.split(b"\n"), start=1):
            if not line.strip():
                continue
            entity = _json(line, f"line {number}")
            kind = _kind(str(entity.get("schema", "")))
            said = _object(entity.get("properties", {}), f"line {number}, properties")
            topics = said.get("topics") or ["sanction"]
            if kind == "unknown" or not any(t.startswith(("sanction", "export", "debarment")) for t in topics):
                continue
            names = [one for key in _FTM_NAMES for one in said.get(key) or ()]
            places = [c for key in ("country", "jurisdiction", "nationality") for c in said.get(key) or ()]
            yield _Row(
                at=f"line {number}",
                code="OPENSANCTIONS",
                name=names[0] if names else str(entity.get("caption", "")),
                aliases=tuple(names[1:]),
                kind=kind,
                countries=_countries(places),
                reference=", ".join(entity.get("datasets") or ()),
                number=str(entity.get("id", "")),
            )

    return rows(), None


def _tree(content: bytes) -> ET.Element:
    if b"<!DOCTYPE" in content[:100_000] or b"<!ENTITY" in content:
        raise RefusedList("the XML declares entities; no publisher's list does, and they can be made to swell")
    try:
        return ET.fromstring(content)  # noqa: S314  (entities were refused above)
    except ET.ParseError as problem:
        line, column = problem.position
        raise RefusedList(f"line {line}, column {column}: not XML: {problem}") from problem


def _said(record: ET.Element, tag: str) -> str:
    return " ".join((record.findtext(tag) or "").split())


def _all_said(record: ET.Element, path: str) -> list[str]:
    return [" ".join(found.text.split()) for found in record.findall(path) if found.text and found.text.strip()]


def _sema_xml(content: bytes) -> tuple[Rows, str | None]:
    def rows() -> Iterator[_Row]:
        for number, record in enumerate(_tree(content).iter("record"), start=1):
            person = " ".join(filter(None, (_said(record, "GivenName"), _said(record, "LastName"))))
            ship = _said(record, "ShipIMONumber")
            place = BETWEEN.join(filter(None, (_said(record, tag) for tag in ("Country", "Schedule", "Item"))))
            yield _Row(
                at=f"record {number}",
                code="SEMA",
                name=_said(record, "EntityOrShip") or person,
                aliases=tuple(re.split(r"\s*[;,]\s+", _said(record, "Aliases"))),
                kind="vessel" if ship else "individual" if person else "entity",
                reference=place,
            )

    return rows(), None


def _un_xml(content: bytes) -> tuple[Rows, str | None]:
    root = _tree(content)

    def rows() -> Iterator[_Row]:
        for kind, tag in (("individual", "INDIVIDUAL"), ("entity", "ENTITY")):
            for number, record in enumerate(root.iter(tag), start=1):
                parts = (_said(record, f"{at}_NAME") for at in ("FIRST", "SECOND", "THIRD", "FOURTH"))
                places = _all_said(record, "NATIONALITY/VALUE") + _all_said(record, f"{tag}_ADDRESS/COUNTRY")
                yield _Row(
                    at=f"{tag} {number}",
                    code="UNSC",
                    name=" ".join(filter(None, parts)),
                    aliases=(*_all_said(record, f"{tag}_ALIAS/ALIAS_NAME"), _said(record, "NAME_ORIGINAL_SCRIPT")),
                    kind=_kind(kind),
                    reference=" ".join(filter(None, (_said(record, "REFERENCE_NUMBER"), *places))),
                    number=_said(record, "DATAID"),
                )

    return rows(), (root.get("dateGenerated") or "")[:10] or None


_LAYOUTS: dict[str, Callable[[bytes], tuple[Rows, str | None]]] = {
    "condensed_csv": _condensed_csv,
    "csl_csv": _csl_csv,
    "csl_json": _csl_json,
    "sema_xml": _sema_xml,
    "un_xml": _un_xml,
    "ftm_jsonl": _ftm_jsonl,
}
