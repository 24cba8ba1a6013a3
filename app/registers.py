"""Register numbers with their check digits, and entries of control lists, out of cells. Pure."""

from __future__ import annotations

import re
from typing import NoReturn

from app.cells import DATE, NUMBER
from app.values import Read, Reader, Wrong, entries, unknown
from matching.profile import Classification, Regime, check_entry

# --- Classifications --------------------------------------------------------------------------------

_REGIME = re.compile(r"\b(ECL|USML|ECCN|SCOMET|CCL)\b[\s:#-]*", re.IGNORECASE)


def classifications(regime: Regime | None = None) -> Reader:
    """A reader of entries of control lists; without a regime of the column each entry names its own."""

    def read(text: str, mark: str) -> Read:
        if regime is not None and mark == DATE:
            raise Wrong(f"a date, {text}, where an entry is expected", "format the column as text and write it again")
        found, dropped = [], []
        for entry in entries(text, r";|\n|,"):
            named = _REGIME.match(entry)
            of = Regime(named[1].upper().replace("CCL", "ECCN")) if named else regime
            rest = (entry[named.end() :] if named else entry).strip()
            rest = re.sub(r"^(category|cat\.?|item|entry|catégorie|no\.?)\s*", "", rest, flags=re.IGNORECASE)
            if of is None:
                dropped.append((entry[:80], "no entry of a control list, such as “ECL 2-10.c” or “SCOMET 5A101”"))
                continue
            if rest.upper() == "EAR99":
                dropped.append((entry[:80], "EAR99 is no entry of a list; it says that none of the CCL applies"))
                continue
            try:
                found.append(Classification(regime=of, entry=check_entry(of, rest)))
            except ValueError as problem:
                raise Wrong(str(problem), "write the entry as the list has it, or leave the cell blank") from problem
        return Read(tuple(dict.fromkeys(found)) or None, dropped=tuple(dropped))

    return read


# --- Register numbers -------------------------------------------------------------------------------

_CIN = re.compile(r"[LU]\d{5}[A-Z]{2}\d{4}[A-Z]{3}\d{6}")
_NCAGE = re.compile(r"[A-Z0-9]{5}")
_FORMS = {
    "BN": "nine digits of which the last checks the others, such as 123026635",
    "CIN": "21 characters such as L17110MH1973PLC019786",
    "GSTIN": "15 characters of which the last checks the others, such as 27AAPFU0939F1ZV",
    "LEI": "20 characters of which the last two check the others, such as 213800KUD8LAJWSQ9D15",
    "NCAGE": "five letters and digits, such as 0A1B2",
}


def identifier(scheme: str) -> Reader:
    """A reader of one register's number; its check digits are checked where it has any."""

    def read(text: str, mark: str) -> Read:
        if unknown(text):
            return Read()
        number = re.sub(r"[\s.\-/]", "", text).upper()
        if scheme == "BN":
            number = re.sub(r"R[CPTRMZ]\d{4}$", "", number)
        if _valid(scheme, number):
            return Read((scheme, number))
        padded = number.zfill({"BN": 9, "NCAGE": 5}.get(scheme, 0))
        if mark == NUMBER and padded != number and _valid(scheme, padded):
            return Read(
                (scheme, padded), f"{scheme} {text} was a number and had lost its leading zeros; read as {padded}"
            )
        _refuse_number(scheme, text, mark)

    return read


def _refuse_number(scheme: str, text: str, mark: str) -> NoReturn:
    eaten = mark == NUMBER or re.fullmatch(r"\d(\.\d+)?E\+\d+", text, re.IGNORECASE)
    mend = f"expected {_FORMS[scheme]}"
    if eaten:
        mend += "; format the column as text before writing it, as numbers lose leading zeros and last digits"
    raise Wrong(f"“{text[:60]}” is no {scheme}", mend)


def _valid(scheme: str, number: str) -> bool:
    if scheme == "BN":
        from stdnum.ca import bn

        return len(number) == 9 and bool(bn.is_valid(number))
    if scheme == "GSTIN":
        from stdnum.in_ import gstin

        return bool(gstin.is_valid(number))
    if scheme == "LEI":
        from stdnum import lei

        return bool(lei.is_valid(number))
    return bool((_CIN if scheme == "CIN" else _NCAGE).fullmatch(number))


def any_identifier(text: str, mark: str) -> Read:
    """A register's number whose form tells which register's it is; another is dropped and told."""
    if unknown(text):
        return Read()
    for scheme in ("CIN", "LEI", "GSTIN", "BN"):
        try:
            read = identifier(scheme)(text, mark)
        except Wrong:
            continue
        if read.value:
            return read
    return Read(dropped=((text[:80], "no number of a register that is known (BN, CIN, GSTIN, LEI)"),))
