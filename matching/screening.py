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
        written = consonants(a)
        return 0.0 if written != consonants(b) or len(written) < 2 else 0.9 if len(written) > 2 else 0.8
    if given.sound == listed.sound and shorter > 2:
        return 0.95
    differ = min(OSA.distance(a, b), OSA.distance(given.sound, listed.sound) + 0.5)
    return 1 - differ / (longer + 0.5) if differ <= (1 if longer < 8 else 2) else 0.0


def likeness(given: Name, listed: Name, kind: Kind = "unknown") -> Likeness:
    """How near two names are: the share of their weight that met, or one run of letters that is the same but for spaces."""
    if not given.words or not listed.words:
        return Likeness(0.0)
    if given.ideographs and listed.ideographs:
        return _exactly(given.ideographs, listed.ideographs)
    if kind in ("vessel", "aircraft"):
        return _exactly(given.run, listed.run)
    return max(_by_words(given, listed), _by_run(given, listed), key=lambda near: near.score)


def _exactly(given: str, listed: str) -> Likeness:
    return Likeness(1.0, ((given, listed),)) if given == listed else Likeness(0.0)


def _by_words(given: Name, listed: Name) -> Likeness:
    """Each word met by its likest; what is left over counts as said in the module's docstring."""
    ours, theirs = _spaced_alike(given.words, listed.words)
    met = _pairs(ours, theirs)
    if not met:
        return Likeness(0.0)
    weights = [max(ours[i].weight, theirs[j].weight) for i, j, _ in met]
    total = sum(weights)
    left = [[w for at, w in enumerate(side) if at not in {m[k] for m in met}] for k, side in enumerate((ours, theirs))]
    cost = _cost(left[0], left[1], {w.text for w in ours} & {w.text for w in theirs}, alone=total < 1.5)
    lonely = len(met) == len(ours) == len(theirs) == 1 and met[0][2] < 0.9 and len(ours[0].text) < 6
    return Likeness(
        0.0 if lonely else sum(w * m[2] for w, m in zip(weights, met, strict=True)) / (total + cost),
        tuple((ours[i].text, theirs[j].text) for i, j, _ in sorted(met)),
        tuple(word.text for word in left[0]),
        tuple(word.text for word in left[1]),
    )


def _cost(ours: list[Word], theirs: list[Word], met: set[str], *, alone: bool) -> float:
    """What the words that are left over take away: much where they stand against one another, else little."""
    if not (ours and theirs):  # a word said twice is no further word
        ours, theirs = ([w for w in side if w.text not in met] for side in (ours, theirs))
    given, listed = (sum(word.weight for word in side) for side in (ours, theirs))
    against = min(given, listed)
    return CONTRADICTION * against + EXTRA * (ALONE if alone else 1.0) * (given + listed - 2 * against)


def _spaced_alike(ours: Sequence[Word], theirs: Sequence[Word]) -> tuple[list[Word], list[Word]]:
    """Both names with neighbours joined where the other writes them as one word."""
    return _joined(ours, {w.text for w in theirs}), _joined(theirs, {w.text for w in ours})


def _joined(words: Sequence[Word], wanted: set[str]) -> list[Word]:
    out: list[Word] = []
    for word in words:
        if out and out[-1].text + word.text in wanted:
            text = out[-1].text + word.text
            out[-1] = Word(text, sound(text), out[-1].weight + word.weight, word.by_consonants)
        else:
            out.append(word)
    return out


def _pairs(ours: Sequence[Word], theirs: Sequence[Word]) -> list[tuple[int, int, float]]:
    """Words that met, best pairs first, each word once; order does not matter."""
    found = [(alike(a, b), i, j) for i, a in enumerate(ours) for j, b in enumerate(theirs)]
    found = [pair for pair in found if pair[0] > 0]
    found.sort(key=lambda pair: (-pair[0] * min(ours[pair[1]].weight, theirs[pair[2]].weight), abs(pair[1] - pair[2])))
    met: list[tuple[int, int, float]] = []
    for value, i, j in found:
        if not any(i == one or j == other for one, other, _ in met):
            met.append((i, j, value))
    return met


def _by_run(given: Name, listed: Name) -> Likeness:
    """Names that differ in their spaces, compared as one run of letters."""
    a, b = given.run, listed.run
    shorter = min(len(a), len(b))
    if given.words[0].by_consonants != listed.words[0].by_consonants or shorter < 5:
        return Likeness(0.0)
    same_spaces = len(given.words) == len(listed.words)
    allowed = 0 if shorter < 8 else 1 if shorter < 12 else 2
    differ = OSA.distance(a, b, score_cutoff=2)
    if differ > allowed or (same_spaces and allowed < 2):
        return Likeness(0.0)
    return Likeness(0.97 - differ / shorter, ((a, b),))


# --- A name against a whole watchlist -----------------------------------------------------------------


@dataclass(frozen=True)
class Watchlist:
    """All entries of the releases held, and the index over their names, made when first asked."""

    releases: tuple[Release, ...]
    entries: tuple[Entry, ...]

    @cached_property
    def version(self) -> str:
        """Hash of the releases: the same bytes read give the same version."""
        digest = hashlib.sha256()
        for release in sorted(self.releases, key=lambda r: r.id):
            digest.update(f"{release.id} {release.dated} {release.sha256}\n".encode())
        return digest.hexdigest()

    @cached_property
    def index(self) -> Index:
        """The words of all names, and where each stands."""
        return Index(self.entries)

    @cached_property
    def release_of(self) -> dict[str, Release]:
        """Each release by its id."""
        return {release.id: release for release in self.releases}


Similar = dict[tuple[str, bool], NDArray[np.int32]]


class Index:
    """Which names could reach the threshold, by their words.

    Every word of the vocabulary within two letters of a word asked for, of its sound or its consonants, is looked at,
    so no near word is lost. The share of weight that such words cover bounds the score from above; a name is cut
    only where that bound is below the threshold.
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.names: list[Name] = []
        owners: list[int] = []
        for at, entry in enumerate(entries):
            for name in dict.fromkeys(entry.names):
                self.names.append(read_name(name))
                owners.append(at)
        self.owners = np.array(owners, dtype=np.int32)
        self._weights = np.array([name.weight for name in self.names])
        self._places: dict[tuple[str, bool], list[int]] = defaultdict(list)
        self._spaced: dict[str, list[int]] = defaultdict(list)
        self._read_words()
        self._words = [Word(text, sound(text), 0, thin) for text, thin in self._places]
        self._postings = [np.array(places, dtype=np.int32) for places in self._places.values()]
        self._by_sound, self._by_consonants = defaultdict(list), defaultdict(list)
        for number, word in enumerate(self._words):
            self._by_sound[word.sound].append(number)
            self._by_consonants[consonants(word.text), word.by_consonants].append(number)
        self._texts = [word.text for word in self._words]
        self._similar: Similar = {}

    def _read_words(self) -> None:
        for at, name in enumerate(self.names):
            for word in {(w.text, w.by_consonants) for w in name.words}:
                self._places[word].append(at)
            for one, next_ in zip(name.words, name.words[1:], strict=False):
                self._spaced[one.text + next_.text].append(at)
            if len(name.words) != 2:
                self._spaced[name.run].append(at)
            if name.words and name.words[0].by_consonants:
                self._spaced[consonants(name.run)].append(at)

    def learn(self, names: Iterable[Name]) -> None:
        """Find the near words of all words of these names at once, which is much quicker than one by one."""
        asked = {(w.text, w.by_consonants): w for name in names for w in _asked(name)}
        fresh = [word for key, word in asked.items() if key not in self._similar]
        for start in range(0, len(fresh), 500):
            self._learn(fresh[start : start + 500])

    def _learn(self, words: list[Word]) -> None:
        texts = [word.text for word in words]
        near = cdist(texts, self._texts, scorer=OSA.distance, score_cutoff=2, dtype=np.uint8, workers=-1) <= 2
        rows, columns = np.nonzero(near)
        starts = np.searchsorted(rows, np.arange(len(words) + 1))
        for row, word in enumerate(words):
            numbers = set(columns[starts[row] : starts[row + 1]].tolist()) | set(self._by_sound.get(word.sound, ()))
            numbers |= set(self._by_consonants.get((consonants(word.text), not word.by_consonants), ()))
            places = [self._postings[n] for n in numbers if alike(word, self._words[n]) > 0]
            found = np.unique(np.concatenate(places)) if places else np.array([], dtype=np.int32)
            self._similar[word.text, word.by_consonants] = found

    def candidates(self, given: Name, threshold: float) -> NDArray[np.int64]:
        """Numbers of the names that could reach the threshold."""
        self.learn([given])
        covered = np.zeros(len(self.names))
        words = given.words
        for word in words:
            places = self._similar[word.text, word.by_consonants]
            covered[places] += word.weight
            spaced = list(set(self._spaced.get(word.text, ())) - set(places.tolist()))
            covered[spaced] += word.weight
        for one, next_ in zip(words, words[1:], strict=False):
            covered[self._similar[one.text + next_.text, one.by_consonants]] += one.weight + next_.weight
        whole = self._spaced.get(given.run, []) + self._spaced.get(consonants(given.run), [])
        covered[whole] = given.weight
        return np.flatnonzero(self._bound(covered, given.weight) >= threshold - 0.02)

    def _bound(self, covered: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
        """The most a name can score of whose weight no more than this is covered."""
        covered = np.minimum(covered, weight)
        given, listed = weight - covered, np.maximum(self._weights - covered, 0)
        against = np.minimum(given, listed)
        cost = CONTRADICTION * against + EXTRA * (given + listed - 2 * against)
        bound = np.zeros_like(covered)
        np.divide(covered, covered + cost, out=bound, where=covered > 0)
        return bound


def _asked(name: Name) -> Iterator[Word]:
    """The words to look up for a name: its own, and each two neighbours as one."""
    yield from name.words
    for one, next_ in zip(name.words, name.words[1:], strict=False):
        text = one.text + next_.text
        yield Word(text, sound(text), 1.0, one.by_consonants)


def screen(
    names: Sequence[str],
    watchlist: Watchlist,
    *,
    country: str | None = None,
    limit: int = 20,
    threshold: float = THRESHOLD,
) -> tuple[Hit, ...]:
    """The listed parties that any of these names is near, each once with its nearest name, the nearest first.

    Raises UnreadableName for a name that is empty or longer than any name. Where parties are equally near, those whom
    their list places in ``country`` come first; it decides nothing else.
    """
    index = watchlist.index
    best: dict[int, tuple[Likeness, Name, Name]] = {}
    for given in map(read_name, dict.fromkeys(names)):
        for number in index.candidates(given, threshold):
            at, listed = int(index.owners[number]), index.names[number]
            near = likeness(given, listed, watchlist.entries[at].kind)
            if near.score >= threshold and (at not in best or near.score > best[at][0].score):
                best[at] = (near, given, listed)
    hits = [_hit(watchlist, watchlist.entries[at], *found) for at, found in best.items()]
    hits.sort(key=lambda hit: (-hit.score, country not in hit.entry.countries, hit.entry.id))
    return tuple(hits[:limit])


def screen_all(
    subjects: Sequence[Sequence[str]], watchlist: Watchlist, *, limit: int = 20, threshold: float = THRESHOLD
) -> Iterator[tuple[Hit, ...]]:
    """``screen`` for many; each subject is the names of one party."""
    watchlist.index.learn(read_name(name) for names in subjects for name in names)
    for names in subjects:
        yield screen(names, watchlist, limit=limit, threshold=threshold)


def _hit(watchlist: Watchlist, entry: Entry, near: Likeness, given: Name, listed: Name) -> Hit:
    release = watchlist.release_of[entry.release]
    score = round(near.score, 3)
    return Hit(given.text, listed.text, entry, score, near.told(), release.title, release.dated)
