"""Entries drawn from the lists held, disguised as a firm might be: spelling, words, legal form, script, alias."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from matching.names import read_name
from matching.screening import Entry

CYRILLIC = {
    "shch": "щ", "sch": "щ", "zh": "ж", "kh": "х", "ch": "ч", "sh": "ш", "ts": "ц", "yu": "ю", "ya": "я", "yo": "ё",
    "a": "а", "b": "б", "c": "к", "d": "д", "e": "е", "f": "ф", "g": "г", "h": "х", "i": "и", "j": "дж", "k": "к", "l": "л",
    "m": "м", "n": "н", "o": "о", "p": "п", "q": "к", "r": "р", "s": "с", "t": "т", "u": "у", "v": "в", "w": "в", "x": "кс",
    "y": "ы", "z": "з",
}  # fmt: skip
ARABIC = {
    "sh": "ش", "kh": "خ", "th": "ث", "dh": "ذ", "gh": "غ", "ch": "تش", "b": "ب", "c": "ك", "d": "د", "f": "ف", "g": "ج",
    "h": "ه", "j": "ج", "k": "ك", "l": "ل", "m": "م", "n": "ن", "p": "ب", "q": "ق", "r": "ر", "s": "س", "t": "ت", "v": "ف",
    "w": "و", "x": "كس", "y": "ي", "z": "ز",
}  # fmt: skip
KINDS = ("spelling", "words", "form", "script", "alias")


def disguised(entry: Entry, kind: str, draw: random.Random) -> str:
    """One of the entry's names as its bearer might submit it."""
    name = entry.name
    if kind == "spelling":
        return _misspelt(name, draw)
    if kind == "words":
        return f"{draw.choice(['New', 'Royal', 'Global', 'Zenith'])} {name} {draw.choice(['Canada', 'India', 'Group', 'Trading'])}"
    if kind == "form":
        return re.sub(
            r"(?i)\b(limited|ltd|inc|llc|co|company|corp|corporation|jsc|pjsc|ooo|oao|ao|gmbh|s\.?a)\b\.?", "", name
        )
    if kind == "script":
        return _written(name, CYRILLIC)
    alias = draw.choice(entry.aliases) if entry.aliases else name
    words = alias.replace(",", " ").split()
    draw.shuffle(words)
    return " ".join(words).title()


def _misspelt(name: str, draw: random.Random) -> str:
    """A letter left out, doubled or replaced in the middle of a long word."""
    long = re.findall(r"[A-Za-z]{6,}", name)
    if not long:
        return name.swapcase()
    word = draw.choice(long)
    cut = draw.randrange(1, len(word) - 1)
    changed = draw.choice(["", word[cut] * 2, "e"])
    return name.replace(word, word[:cut] + changed + word[cut + 1 :], 1)


def _written(name: str, letters: dict[str, str]) -> str:
    pattern = re.compile("|".join(sorted(letters, key=len, reverse=True)))
    return pattern.sub(lambda part: letters[part[0]], name.lower())


def drawn(entries: Sequence[Entry], seed: int, count: int) -> list[tuple[Entry, str, str]]:
    """Entries with how each was disguised, and the name it then has."""
    draw = random.Random(seed)
    chosen = draw.sample([entry for entry in entries if entry.kind != "aircraft"], count)
    kinds = [KINDS[n % len(KINDS)] for n in range(count)]
    told = [(entry, kind, disguised(entry, kind, draw)[:480]) for entry, kind in zip(chosen, kinds, strict=True)]
    return [(entry, kind, name if read_name(name).words else entry.name) for entry, kind, name in told]
