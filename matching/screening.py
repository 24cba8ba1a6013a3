"""Watchlist names against the names of a firm, its owners and its sites: how near, and why.

What it is for, and the evidence for each choice (P: nomenklatura's name pairs, dev half; L: the lists held):

* **Rare words decide.** The score is the share of a name's weight that the other name holds; trade words and places
  weigh half, particles a fifth (``matching.names``). So "Bharat Trading" is not near "Star Trading".
* **An extra word costs little, wherever it stands** (``EXTRA``). A listed party that calls itself "Huawei
  Technologies Canada" must still be found. P: "Sher Abbas Stanekzai" is "Sher Mohammad Abbas Stanekzai Padshah Khan".
* **A word in the place of another costs double its weight** (``CONTRADICTION``). P: "Ihab Makhlouf" is not "Rami
  Makhlouf", "Bowne of Atlanta" is not "Bowne of Boston", and half of the false pairs are a swap of one word.
* **Where only one rare word meets, every extra word costs twice** (``ALONE``). L: 5,900 listed names are one word, many of
  them everyday ones (ATLAS, HARMONY); "Atlas Copco" is none of them, "Atlas Ltd" is told.
* **One letter may differ in a word, two from eight letters on.** P: "Sergi Lavrov", "Khürelchükh"; not "Castillo" for
  "Castro". What sounds alike may differ more ("Mahmood", "Mahmoud"). A name of one short word is met exactly or by
  sound: no letter may differ below six.
* **Spaces do not decide.** P: "AlisherUsmanov", "van der bilt".
* **Vowels do not decide across alphabets** that do not write them.
* **Ships and aircraft are met exactly**, apart from their prefix: P: the ship "Snow" is not "Snoe", and no firm is a ship.
* **A country never hides a hit** and is never enough for one: parties move. It is told beside the hit.

When not to rely on it: a near name is a question for a person, never an answer, and no hit says nothing of ownership:
the 50 % rules need the owners. Names translated word by word into another language are not found (P: "Murom
Instrument-Making Plant"), nor are nicknames and swapped father's and son's names told apart.

nomenklatura's logic-v2, which this was measured against, is not used in process: with ``pyicu`` (no wheel for Linux, so a
compiler), ``duckdb``, ``rdflib``, ``textual`` and a pinned scikit-learn it would weigh more than the service, and its
tables take five seconds to build in every command. ``rapidfuzz`` does the distances.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from matching.names import Name, Word, consonants, read_name, sound

THRESHOLD = 0.8
"""At this score a near name is a hit."""

EXTRA = 0.25
CONTRADICTION = 2.0
ALONE = 2.0

Kind = Literal["entity", "individual", "vessel", "aircraft", "unknown"]


@dataclass(frozen=True, slots=True)
class Release:
    """One state of one publisher's list: what was read, from whom, when, under which terms."""

    id: str
    """Which list: the name of its file in seeds/watchlists."""
    title: str
    publisher: str
    url: str
    licence: str
    dated: str
    """ISO date on which the publisher's list stood so."""
    sha256: str
    """Of the bytes that were read."""
    entries: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One listed party: under which list, its names, and where the publisher places it."""

    id: str
    release: str
    code: str
    """The list as the rules name it: SDN, EL, SEMA."""
    name: str
    aliases: tuple[str, ...] = ()
    kind: Kind = "unknown"
    countries: tuple[str, ...] = ()
    reference: str = ""
    """Programme, schedule and item: where in the list."""

    @property
    def names(self) -> tuple[str, ...]:
        """The name and every alias."""
        return (self.name, *self.aliases)


@dataclass(frozen=True, slots=True)
class Hit:
    """A near name: which name met which, how near, in words why, and on which list of which date."""

    given: str
    listed: str
    entry: Entry
    score: float
    because: str
    list_title: str
    list_date: str


@dataclass(frozen=True, slots=True)
class Likeness:
    """How near two names are, and the words that met or were left over."""

    score: float
    met: tuple[tuple[str, str], ...] = ()
    only_given: tuple[str, ...] = ()
    only_listed: tuple[str, ...] = ()

    def told(self) -> str:
        """The reason in words."""
        same = [a for a, b in self.met if a == b]
        near = [f"{a} ≈ {b}" for a, b in self.met if a != b]
        parts = [
            f"same: {', '.join(same)}" if same else "",
            f"alike: {', '.join(near)}" if near else "",
            f"only in the name given: {', '.join(self.only_given)}" if self.only_given else "",
            f"only in the listed name: {', '.join(self.only_listed)}" if self.only_listed else "",
        ]
        return "; ".join(filter(None, parts))


# --- Two words, two names ---------------------------------------------------------------------------


def alike(given: Word, listed: Word) -> float:
    """How alike two words are, 0 to 1."""
    a, b = given.text, listed.text
    if a == b:
        return 1.0
    shorter, longer = sorted((len(a), len(b)))
    if a.isdigit() or b.isdigit():
        return 0.0
    if shorter == 1:
        return 0.9 if longer > 1 and a[0] == b[0] else 0.0  # an initial
    if given.by_consonants != listed.by_consonants:
        return 0.9 if consonants(a) == consonants(b) != "" else 0.0
    if given.sound == listed.sound and shorter > 2:
        return 0.95
    differ = min(OSA.distance(a, b), OSA.distance(given.sound, listed.sound) + 0.5)
    return 1 - differ / (longer + 0.5) if differ <= (1 if longer < 8 else 2) else 0.0


def likeness(given: Name, listed: Name, kind: Kind = "unknown") -> Likeness:
    """How near two names are: the share of their weight that met, or, as one run of letters, the same but for spaces."""
    if not given.words or not listed.words:
        return Likeness(0.0)
    if given.ideographs and listed.ideographs:
        same = given.ideographs == listed.ideographs
        return Likeness(float(same), ((given.ideographs, listed.ideographs),)) if same else Likeness(0.0)
    if kind in ("vessel", "aircraft"):
        same = given.run == listed.run
        return Likeness(float(same), ((given.run, listed.run),)) if same else Likeness(0.0)
    by_words, by_run = _by_words(given, listed), _by_run(given, listed)
    return by_run if by_run > by_words.score and _as_run(given, listed, by_run) else by_words
