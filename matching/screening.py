"""Watchlist names against the names of a firm, its owners and its sites.

How near two names are is said by ``matching.likeness``; here every listed name that could be near is found among tens
of thousands: word by word none is lost, for a name is passed by only where a bound on its score is below the threshold.
Names that differ in their spaces are found where they are spelled alike.

A country never hides a hit and is never enough for one: parties move. No hit says nothing of ownership; the 50 %
rules need the owners.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from matching.likeness import CONTRADICTION, EXTRA, LEAST, LONG, Kind, Likeness, alike, likeness
from matching.names import HALF, Name, Word, consonants, hard_sound, read_name, sound

THRESHOLD = 0.8
"""At this score a near name is a hit."""

BATCH = 500
"""Words compared with the vocabulary at once: 20 MB of distances."""


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


Written = tuple[str, bool, bool]
"""A word as it is written: its text, whether its vowels are lost, and whether another alphabet wrote it by sound."""


def _written(word: Word) -> Written:
    return word.text, word.by_consonants, word.respelled


class _Vocabulary:
    """Spellings, each the words that share it, looked through for those within so many letters of what is asked."""

    def __init__(self, spelled: Iterable[str]) -> None:
        self._at: dict[str, list[int]] = defaultdict(list)
        for number, text in enumerate(spelled):
            self._at[text].append(number)
        texts, lengths = list(self._at), np.array([len(text) for text in self._at])
        self._by_length = {
            int(length): [texts[number] for number in np.flatnonzero(lengths == length)]
            for length in np.unique(lengths)
        }

    def same(self, text: str) -> Sequence[int]:
        """Numbers of the words that are spelled so."""
        return self._at.get(text, ())

    def near(self, asked: Iterable[str], letters: int) -> Iterator[tuple[str, list[int]]]:
        """For each spelling, the numbers of the words within so many letters of it."""
        by_length: dict[int, list[str]] = defaultdict(list)
        for text in dict.fromkeys(asked):
            by_length[len(text)].append(text)
        for length, group in by_length.items():
            reach = range(length - letters, length + letters + 1)
            among = [text for n in reach for text in self._by_length.get(n, ())]
            for start in range(0, len(group), BATCH):
                batch = group[start : start + BATCH]
                far = cdist(batch, among, scorer=OSA.distance, score_cutoff=letters, dtype=np.uint8, workers=-1)
                for text, row in zip(batch, far <= letters, strict=True):
                    yield text, [number for at in np.flatnonzero(row) for number in self._at[among[at]]]


class Index:
    """Which names could reach the threshold, by their words.

    Every word of the vocabulary within two letters of a word asked for, one letter of its sound, or of the same
    consonants, is looked at, so no near word is lost. The share of weight that such words cover bounds the score from
    above; a name is cut only where that bound is below the threshold.
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
        self._places: dict[Written, list[int]] = defaultdict(list)
        self._spaced: dict[str, list[int]] = defaultdict(list)
        self._read_words()
        self._words = [Word(text, sound(text), 0, *how) for text, *how in self._places]
        self._postings = [np.array(places, dtype=np.int32) for places in self._places.values()]
        self._by_text = _Vocabulary(word.text for word in self._words)
        self._by_sound = _Vocabulary(word.sound for word in self._words)
        self._by_hard_sound = _Vocabulary(hard_sound(word.text) for word in self._words)
        self._by_consonants: dict[tuple[str, bool], list[int]] = defaultdict(list)
        for number, word in enumerate(self._words):
            self._by_consonants[consonants(word.text), word.by_consonants].append(number)
        self._similar: dict[Written, NDArray[np.int32]] = {}

    def _read_words(self) -> None:
        for at, name in enumerate(self.names):
            for word in {_written(w) for w in name.words}:
                self._places[word].append(at)
            for one, next_ in pairwise(name.words):
                self._spaced[one.text + next_.text].append(at)
            if len(name.words) != 2:
                self._spaced[name.run].append(at)
            if name.words and name.words[0].by_consonants:
                self._spaced[consonants(name.run)].append(at)

    def learn(self, names: Iterable[Name]) -> None:
        """Find the near words of all words of these names at once, which is much quicker than one by one."""
        fresh = {_written(word): word for name in names for word in name.words if _written(word) not in self._similar}
        long = [word for word in fresh.values() if len(word.text) >= LONG - 2]
        texts = dict(self._by_text.near((word.text for word in fresh.values()), 2))
        sounds = dict(self._by_sound.near((word.sound for word in long), 1))
        hard = dict(self._by_hard_sound.near((hard_sound(word.text) for word in long), 1))
        for key, word in fresh.items():
            numbers = {*texts[word.text], *self._by_sound.same(word.sound), *sounds.get(word.sound, ())}
            heard = hard_sound(word.text)
            numbers.update(self._by_hard_sound.same(heard), hard.get(heard, ()))
            numbers.update(self._by_consonants.get((consonants(word.text), not word.by_consonants), ()))
            places = [self._postings[n] for n in numbers if alike(word, self._words[n]) > 0]
            self._similar[key] = np.unique(np.concatenate(places)) if places else np.array([], dtype=np.int32)

    def candidates(self, given: Name, threshold: float) -> NDArray[np.int64]:
        """Numbers of the names that could reach the threshold."""
        self.learn([given])
        covered = np.zeros(len(self.names))
        words = given.words
        for word in words:
            places = self._similar[_written(word)]
            covered[places] += word.weight
            spaced = list(set(self._spaced.get(word.text, ())) - set(places.tolist()))
            covered[spaced] += word.weight
        for one, next_ in pairwise(words):
            joined = (one.text + next_.text, one.by_consonants, one.respelled)
            covered[self._places.get(joined, [])] += one.weight + next_.weight
        whole = self._spaced.get(given.run, []) + self._spaced.get(consonants(given.run), [])
        covered[whole] = given.weight
        touched = np.flatnonzero(covered)
        return touched[self._bound(covered[touched], self._weights[touched], given.weight) >= threshold - 0.02]

    def _bound(self, covered: NDArray[np.float64], listed: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
        """The most a name of weight ``listed`` can score of which no more than this is covered.

        Where only one name has words left over they may all be trade words, which then count half again.
        """
        covered = np.minimum(covered, weight)
        given, listed = weight - covered, np.maximum(listed - covered, 0)
        against = np.minimum(given, listed)
        extra = (given + listed - 2 * against) * np.where(against > 0, 1.0, HALF)
        cost = CONTRADICTION * against + EXTRA * LEAST * extra
        bound: NDArray[np.float64] = covered / (covered + cost)
        return bound


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
            if round(near.score, 3) >= threshold and (at not in best or near.score > best[at][0].score):
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
