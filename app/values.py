"""One cell to one value: readiness, years, sizes, countries, lists, register numbers. Pure.

Each reader takes the text of a cell and its mark. It returns a Read, which may carry a note (read otherwise than
written) or entries dropped, or raises Wrong with what to write instead. A blank, "n/a" or "?" is unknown: None.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from app.cells import DATE, ENTRY_SEPARATOR, NO_RESULT, NUMBER
from app.places import country_code, near_countries, region_of
from matching.profile import Readiness, slug

MOST_ENTRIES = 200
"""Of one cell."""


class Wrong(ValueError):
    """A cell cannot be read: what was found and expected, and how to mend it."""

    def __init__(self, message: str, mend: str) -> None:
        super().__init__(message)
        self.message, self.mend = message, mend


@dataclass(frozen=True, slots=True)
class Read:
    """The value of a cell; ``note`` where it was read otherwise than written, ``dropped`` entries with why."""

    value: Any = None
    note: str = ""
    dropped: tuple[tuple[str, str], ...] = ()


Reader = Callable[[str, str], Read]

_UNKNOWN = frozenset(
    "n-a na nd n-d s-o so tbd tbc tba unknown inconnu inconnue not-known not-available non-disponible none aucun "
    "aucune nil null nan a-determiner a-venir to-be-confirmed to-be-determined not-applicable sans-objet "
    "pas-connu".split()
)
_ERROR = re.compile(r"#(N/A|DIV/0!|NAME\?|NOM ?\?|[A-Z]+ ?!)|Err:\d{3}")


def unknown(text: str) -> bool:
    """Whether the cell says that nothing is known."""
    return not text.strip(" -–—?.…*/") or slug(text) in _UNKNOWN


def check_cell(text: str, mark: str) -> None:
    """Raise Wrong for a cell that holds an error, a formula as text, or a formula that was never computed."""
    if mark == NO_RESULT:
        raise Wrong(
            "a formula without a stored result",
            "open the workbook, let it compute, save it; or paste the values over the formulas",
        )
    if _ERROR.fullmatch(text.strip()):
        raise Wrong(f"the spreadsheet's error {text.strip()} instead of a value", "write the value, or clear the cell")
    if re.match(r"=\s*[\w@+(\"-]", text):
        raise Wrong("a formula as text", "write the value that it should give")


def entries(text: str, separators: str = r"(?<!\\);|\n|•|▪|●") -> list[str]:
    r"""The entries of a multi-valued cell, each once; semicolons and line breaks part them, but not ``\;``."""
    pieces = text.split(ENTRY_SEPARATOR) if ENTRY_SEPARATOR in text else re.split(separators, text)
    kept = [re.sub(r"^(?:[-–*•·]|\d{1,2}[.)])\s+", "", piece.strip()).strip() for piece in pieces]
    found = list(dict.fromkeys(re.sub(r"\s+", " ", piece.replace("\\;", ";")) for piece in kept if not unknown(piece)))
    if len(found) > MOST_ENTRIES:
        raise Wrong(f"{len(found)} entries in one cell; at most {MOST_ENTRIES}", "keep those that matter most")
    return found


_SHORT = r";|\n|•|,|\||/"
"""What parts entries that are names or codes, besides semicolons."""


def line(text: str, mark: str) -> Read:
    """A text on one line."""
    del mark
    return Read(None if unknown(text) else re.sub(r"\s+", " ", text.replace(ENTRY_SEPARATOR, "; "))[:1000])


def label(text: str, mark: str) -> Read:
    """A name or title, of at most 300 characters; a name may be a word that elsewhere means unknown."""
    del mark
    kept = re.sub(r"\s+", " ", text.replace(ENTRY_SEPARATOR, "; ")).strip()
    if len(kept) > 300:
        raise Wrong(f"{len(kept)} characters; a name has at most 300", "shorten it")
    return Read(kept if any(character.isalnum() for character in kept) else None)


def texts(text: str, mark: str) -> Read:
    """Sentences, parted by semicolons or line breaks."""
    del mark
    found = entries(text)
    long = [entry for entry in found if len(entry) > 4000]
    if long:
        raise Wrong(f"an entry of {len(long[0]):,} characters; at most 4,000", "part it by semicolons, or shorten it")
    return Read(tuple(found) or None)


def labels(text: str, mark: str) -> Read:
    """Short names, parted by semicolons or line breaks."""
    del mark
    found = entries(text)
    long = [entry for entry in found if len(entry) > 300]
    if long:
        raise Wrong(f"an entry of {len(long[0])} characters; at most 300", "part entries by semicolons")
    return Read(tuple(found) or None)


# --- Readiness --------------------------------------------------------------------------------------

_WORDS = {
    word: number
    for number, words in enumerate(
        "zero|one un une|two deux|three trois|four quatre|five cinq|six|seven sept|eight huit|nine neuf|ten dix".split(
            "|"
        )
    )
    for word in words.split()
}
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9, "x": 10}
_LEVEL = re.compile(
    rf"\b(?:(\d+)|({'|'.join(_WORDS)})|((?-i:[IVX]{{1,4}})))\b(?!\s*[.,]\s*\d)", re.IGNORECASE
)  # fmt: skip


def level_reader(scale: Literal["TRL", "MRL"]) -> Reader:
    """A reader of levels: "6", "TRL 6", "6-7", "six", "6 to 7", one for each offer when parted by semicolons.

    The value is a list of (low, high) or None.
    """
    top = 9 if scale == "TRL" else 10

    def read(text: str, mark: str) -> Read:
        if mark == DATE:
            return _from_date(text, scale, top)
        pieces = text.split(ENTRY_SEPARATOR) if ENTRY_SEPARATOR in text else re.split(r";|\n", text)
        found = [None if unknown(piece) else _levels(piece, scale, top) for piece in pieces]
        return Read(found if any(found) else None)

    return read


def _levels(text: str, scale: str, top: int) -> tuple[int, int]:
    if re.search(r"[<>≥≤]|\d\s*\+", text):
        raise _off(text, scale, top, "an open range")
    plain = re.sub(r"\([^)]*[^\d\s)-][^)]*\)", " ", text)  # remarks in brackets, but not "(6)"
    plain = re.sub(r"\b[TM]RL|\b(?:level|niveau|stage|phase)s?\b", " ", plain, flags=re.IGNORECASE)
    plain = (
        re.sub(r"(?<=\d)\s*/\s*(?:9|10)\s*$", "", plain) if re.fullmatch(r"\s*\d+\s*/\s*(9|10)\s*", plain) else plain
    )
    plain = re.sub(r"(\d)\.0+\b", r"\1", plain)
    if re.search(r"\d\s*[.,]\s*\d", plain) and not re.fullmatch(r"\s*\d\s*,\s*\d\s*", plain):
        raise _off(text, scale, top, "levels are whole numbers")
    found = [_level(match) for match in _LEVEL.finditer(plain.replace(",", " "))]
    if not found:
        raise _off(text, scale, top, "no level is named")
    if len(found) > 2 or any(not 1 <= level <= top for level in found):
        raise _off(text, scale, top, f"the scale runs from 1 to {top}")
    low, high = found[0], found[-1]
    if low > high:
        raise _off(text, scale, top, "the higher level stands first")
    return low, high


def _level(match: re.Match[str]) -> int:
    digits, word, roman = match.groups()
    return int(digits) if digits else _WORDS[word.lower()] if word else _ROMAN.get(roman.lower(), 0)


def _off(text: str, scale: str, top: int, why: str) -> Wrong:
    return Wrong(
        f"{scale} “{text[:60]}”: {why}",
        f"write a level from 1 to {top} such as 6, or a range such as 6-7, or leave it blank",
    )


def _from_date(text: str, scale: str, top: int) -> Read:
    """Excel turns "6-7" into a date; its day and month are the two levels, whichever way round it read them."""
    day = _date(text)
    low, high = sorted((day.day, day.month)) if day else (0, 0)
    if not 1 <= low < high <= top:
        raise Wrong(
            f"a date, {text}, where a {scale} is expected; the spreadsheet program may have turned a range into it",
            "format the column as text and write the range again, such as 6-7",
        )
    return Read([(low, high)], f"a date ({text}), which Excel makes of “{low}-{high}”; read as {scale} {low}-{high}")


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


STAGES = {
    "concept stage": (1, 2),
    "under development": (3, 3),
    "lab tested": (4, 5),
    "available for demonstration": (6, 8),
    "already on the market": (9, 9),
}
"""Stages of development of the Enterprise Europe Network, as ranges of TRL: our proposal, there is no official one."""


def stage(text: str, mark: str) -> Read:
    """A stage of development of the Enterprise Europe Network, as a range of TRL."""
    del mark
    if unknown(text):
        return Read()
    wanted = slug(text)
    for name, levels in STAGES.items():
        if wanted.startswith(slug(name)) or slug(name).startswith(wanted):
            return Read(levels, f"TRL {levels[0]}-{levels[1]} derived from the stage “{name}”")
    return Read(dropped=((text[:80], f"not a stage of development; expected one of: {'; '.join(STAGES)}"),))


def readiness(trl: tuple[int, int] | None, mrl: tuple[int, int] | None, basis: str) -> Readiness:
    """A Readiness of two ranges, each of which may be unknown."""
    if trl is None and mrl is None:
        return Readiness()
    (a, b), (c, d) = trl or (None, None), mrl or (None, None)
    return Readiness(trl_low=a, trl_high=b, mrl_low=c, mrl_high=d, basis=basis)


# --- Numbers ----------------------------------------------------------------------------------------

_YEAR = re.compile(r"(?<!\d)(1[6-9]\d\d|20\d\d)(?!\d)")


def year(text: str, mark: str) -> Read:
    """A year, also out of a date."""
    if unknown(text):
        return Read()
    found = sorted(set(_YEAR.findall(text)))
    if len(found) != 1 or not 1600 <= int(found[0]) <= 2100:
        raise Wrong(f"“{text[:60]}” names no single year", "write the year with four digits, such as 1998")
    plain = text.strip() == found[0] or mark == NUMBER
    return Read(int(found[0]), "" if plain else f"of “{text[:60]}” the year {found[0]} was kept")


_BANDS = {
    "1-10": (1, 10), "11-50": (11, 50), "51-200": (51, 200), "201-500": (201, 500), "501-1000": (501, 1000),
    "1001-5000": (1001, 5000), "5000+": (5001, 9_999), "10000+": (10_000, 10**9),
}  # fmt: skip


def employees(text: str, mark: str) -> Read:
    """A band of employees from a number, a range or a band."""
    if unknown(text):
        return Read()
    if mark == DATE:
        return _band_from_date(text)
    plain = re.sub(r"(?<=\d)[\s,.'\u00a0\u202f](?=\d{3}\b)", "", text).replace("–", "-")
    if plain.replace(" ", "") in _BANDS:
        return Read(plain.replace(" ", ""))
    numbers = [int(number) for number in re.findall(r"\d+", plain)]
    if not numbers or len(numbers) > 2 or re.search(r"\d+[.,]\d", plain) or numbers[0] == 0:
        raise Wrong(f"“{text[:60]}” is no number of employees", "write a number such as 120, or a band such as 51-200")
    if re.match(r"\s*(>|more than|over|plus de|\+)", plain, re.IGNORECASE) or plain.strip().endswith("+"):
        numbers[0] += 1
    elif re.match(r"\s*(<|less than|under|fewer|moins de)", plain, re.IGNORECASE):
        numbers[0] = max(1, numbers[0] - 1)
    middle = sum(numbers) / len(numbers)
    band = next(name for name, (low, high) in reversed(_BANDS.items()) if middle >= low)
    exact = all(_BANDS[band][0] <= number <= _BANDS[band][1] for number in numbers)
    return Read(band, "" if exact else f"“{text[:60]}” lies across two bands; {band} holds most of it")


def _band_from_date(text: str) -> Read:
    """The band out of which Excel has made a date: 10 January for 1-10, November 1950 for 11-50."""
    day = _date(text)
    if day and {day.day, day.month} == {1, 10}:
        return Read("1-10", f"a date ({text}), which Excel makes of “1-10”; read as 1-10")
    if day and day.month == 11 and day.year in (1950, 2050):
        return Read("11-50", f"a date ({text}), which Excel makes of “11-50”; read as 11-50")
    raise Wrong(f"a date, {text}, where employees are expected", "format the column as text and write 51-200 again")


def percentage(text: str, mark: str) -> Read:
    """A share from 0 to 100, with or without its sign."""
    del mark
    if unknown(text):
        return Read()
    plain = text.replace(",", ".").replace(" ", "").removesuffix("%").lstrip("~≈")
    try:
        value = float(plain)
    except ValueError:
        raise Wrong(f"“{text[:60]}” is no percentage", "write a number from 0 to 100") from None
    if not 0 <= value <= 100:
        raise Wrong(f"{value:g} is no percentage", "write a number from 0 to 100")
    if 0 < value < 1 and "%" not in text:
        raise Wrong(f"{text} may be a share of one or a percentage", f"write {value * 100:g}% or {value:g}%")
    return Read(value)


def degrees(limit: int) -> Reader:
    """A reader of a latitude (90) or longitude (180) in decimal degrees."""

    def read(text: str, mark: str) -> Read:
        del mark
        if unknown(text):
            return Read()
        try:
            value = float(text.replace(",", ".").replace("°", "").replace("−", "-").strip())
        except ValueError:
            value = 999.0
        if abs(value) > limit:
            raise Wrong(f"“{text[:40]}” is no position in decimal degrees", f"write a number from -{limit} to {limit}")
        return Read(value)

    return read


_YES = frozenset("yes y oui o true vrai 1 x ok si haan".split())
_NO = frozenset("no n non false faux 0 nahi".split())


def yes_or_no(text: str, mark: str) -> Read:
    """Yes or no, in English or French; a tick is yes."""
    del mark
    if unknown(text):
        return Read()
    word = slug(text)
    if word in _YES or text.strip() in "✓✔☑√":
        return Read(True)
    if word in _NO or text.strip() in "✗✘☒×":
        return Read(False)
    raise Wrong(f"“{text[:60]}” is neither yes nor no", "write yes or no (oui, non), or leave it blank for unknown")


# --- Names out of closed lists ----------------------------------------------------------------------


def country(text: str, mark: str) -> Read:
    """A country by code or name."""
    del mark
    if unknown(text):
        return Read()
    if code := country_code(text):
        return Read(code)
    near = near_countries(text)
    raise Wrong(
        f"“{text[:60]}” is no country that is known", f"write {' or '.join(near)}" if near else "write Canada or India"
    )


def countries(text: str, mark: str) -> Read:
    """Countries by code or name; what is none is dropped and told."""
    del mark
    codes, dropped = [], []
    for entry in entries(text):
        if code := country_code(entry):
            codes.append(code)
            continue
        for piece in entries(entry, _SHORT + r"|\band\b|\bet\b|&"):
            if code := country_code(piece):
                codes.append(code)
            else:
                near = near_countries(piece)
                dropped.append((piece[:80], "no country" + (f"; near: {', '.join(near)}" if near else "")))
    return Read(tuple(dict.fromkeys(codes)) or None, dropped=tuple(dropped))


def region(text: str, mark: str) -> Read:
    """A province or state, by the service's writing where it is Canada's or India's."""
    read = line(text, mark)
    found = region_of(read.value) if read.value else None
    return Read(found[1]) if found else read


def choice(options: Sequence[str], synonyms: dict[str, str]) -> Reader:
    """A reader of one entry of a closed list."""

    def read(text: str, mark: str) -> Read:
        del mark
        if unknown(text):
            return Read()
        found = _chosen(text, options, synonyms)
        if found is None:
            raise Wrong(f"“{text[:60]}” is not in the list", f"write one of: {', '.join(options)}")
        return Read(found)

    return read


def choices(options: Sequence[str], synonyms: dict[str, str]) -> Reader:
    """A reader of several entries of a closed list; what is not in it is dropped and told."""

    def read(text: str, mark: str) -> Read:
        del mark
        found, dropped = [], []
        for entry in entries(text, _SHORT):
            value = _chosen(entry, options, synonyms)
            if value is None:
                dropped.append((entry[:80], f"not in the list: {', '.join(options)}"))
            else:
                found.append(value)
        return Read(tuple(dict.fromkeys(found)) or None, dropped=tuple(dropped))

    return read


def _chosen(text: str, options: Sequence[str], synonyms: dict[str, str]) -> str | None:
    word = slug(text)
    by_slug = {slug(option): option for option in options}
    return by_slug.get(word) or synonyms.get(word) or synonyms.get(word.removesuffix("s")) or by_slug.get(word[:-1])


def website(text: str, mark: str) -> Read:
    """An address of the web; what is none is dropped and told."""
    del mark
    if unknown(text):
        return Read()
    address = re.sub(r"\s+", "", re.split(rf"[;\n{ENTRY_SEPARATOR}]", text)[0])
    if "@" in address or not re.fullmatch(r"(https?://)?[\w-]+(\.[\w-]+)+(:\d+)?(/\S*)?", address, re.IGNORECASE):
        return Read(dropped=((text[:80], "no address of a website, such as https://example.com"),))
    return Read(address)
