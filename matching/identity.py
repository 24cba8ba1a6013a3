"""Whether two records are of one firm: how likely, and in words why. A question for a person, never an answer.

* **A register's number decides.** The same BN, CIN, GSTIN, LEI or NCAGE is the same firm whatever it is called; two
  numbers of one register are two firms, however alike their names (``DIFFERS``).
* **Names are compared as in screening** (``matching.likeness``): legal forms, accents, scripts and spelling aside.
* **The same website** takes away most of the doubt that the names leave, but not all: groups share one.
* **The same city** takes away a little doubt; another country leaves little of a likeness.

Candidates are found through the words of names, through numbers and through websites, so that thousands of records are
compared with one another without comparing each with each.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from matching.likeness import likeness
from matching.names import UnreadableName, read_name
from matching.profile import Profile, slug
from matching.screening import Entry, Index

THRESHOLD = 0.75
"""At this score two records are told as perhaps one firm."""
NAMES_FROM = 0.7
"""Names below this are no reason to compare two records."""
SAME_SITE = 0.4
"""What is left of the doubt between two names when their website is the same."""
SAME_CITY = 0.8
OTHER_COUNTRY = 0.5
DIFFERS = 0.4
"""What is left of a likeness when both have a number of one register, and not the same."""

_SHARED = re.compile(r"(^|\.)(facebook|linkedin|google|wixsite|wordpress|blogspot|indiamart|tradeindia|github)\.")
"""Sites on which many firms have a page: the host says nothing."""


@dataclass(frozen=True, slots=True)
class Likely:
    """Two records that may be of one firm, by their keys: the score from 0 to 1, and the reasons in words."""

    one: str
    other: str
    score: float
    because: tuple[str, ...]


def host(website: str | None) -> str:
    """The host of a website without ``www``; empty where there is none or many firms share it."""
    if not website:
        return ""
    found = re.sub(r"^\w+://", "", website.strip().lower()).split("/", 1)[0].split(":", 1)[0].removeprefix("www.")
    return "" if _SHARED.search(found) else found


def compare(one: Profile, other: Profile) -> tuple[float, tuple[str, ...]]:
    """How likely two profiles are of one firm, 0 to 1, and why."""
    numbers = {number.scheme: number.value for number in one.identifiers}
    both = [(n.scheme, numbers[n.scheme], n.value) for n in other.identifiers if n.scheme in numbers]
    if same := [scheme for scheme, ours, theirs in both if ours == theirs]:
        return 1.0, tuple(f"the same {scheme}" for scheme in same)
    near, how = _names(one, other)
    score, because = near, [how] if how else []
    if host(one.website) and host(one.website) == host(other.website):
        score = 1 - (1 - score) * SAME_SITE
        because.append(f"the same website, {host(one.website)}")
    if one.country != other.country:
        score *= OTHER_COUNTRY
        because.append(f"but of {one.country} and {other.country}")
    elif one.city and other.city and slug(one.city) == slug(other.city):
        score = 1 - (1 - score) * SAME_CITY
        because.append(f"the same city, {one.city}")
    if both:
        score *= DIFFERS
        because.append(f"but another {both[0][0]}")
    return round(score, 3), tuple(because)


def _names(one: Profile, other: Profile) -> tuple[float, str]:
    """The likest names of two firms, and which met."""
    best = (0.0, "")
    for ours in _readable((one.name, *one.aliases)):
        for theirs in _readable((other.name, *other.aliases)):
            near = likeness(read_name(ours), read_name(theirs))
            if near.score > best[0]:
                best = (near.score, f"names alike: {ours} and {theirs}" if ours != theirs else f"the same name, {ours}")
    return best


def _readable(names: Iterable[str]) -> list[str]:
    readable = []
    for name in names:
        try:
            if read_name(name).words:
                readable.append(name)
        except UnreadableName:
            continue
    return readable


class Register:
    """Profiles by key, indexed by their names, numbers and websites."""

    def __init__(self, profiles: Mapping[str, Profile]) -> None:
        self.profiles = profiles
        self._keys = list(profiles)
        self._shared: dict[str, list[str]] = defaultdict(list)
        entries = []
        for key, profile in profiles.items():
            names = _readable((profile.name, *profile.aliases))
            entries.append(Entry(key, "", "", names[0] if names else "?0", tuple(names[1:])))
            for mark in _marks(profile):
                self._shared[mark].append(key)
        self._index = Index(entries) if entries else None

    def near(self, profiles: Mapping[str, Profile], *, threshold: float = THRESHOLD) -> list[Likely]:
        """Pairs of the given profiles with those held that may be of one firm, the likest first; none with itself."""
        if self._index is None:
            return []
        self._index.learn(read_name(name) for p in profiles.values() for name in _readable((p.name, *p.aliases)))
        found: dict[tuple[str, str], Likely] = {}
        for key, profile in profiles.items():
            for other in self._candidates(self._index, profile):
                pair = (min(key, other), max(key, other))
                if key == other or pair in found:
                    continue
                score, because = compare(profile, self.profiles[other])
                if score >= threshold:
                    found[pair] = Likely(key, other, score, because)
        return sorted(found.values(), key=lambda likely: (-likely.score, likely.one, likely.other))

    def _candidates(self, index: Index, profile: Profile) -> Sequence[str]:
        numbers: set[int] = set()
        for name in _readable((profile.name, *profile.aliases)):
            numbers.update(int(index.owners[at]) for at in index.candidates(read_name(name), NAMES_FROM))
        shared = [key for mark in _marks(profile) for key in self._shared[mark]]
        return list(dict.fromkeys([*(self._keys[at] for at in sorted(numbers)), *shared[:200]]))


def _marks(profile: Profile) -> list[str]:
    marks = [f"{number.scheme} {number.value}" for number in profile.identifiers]
    return [*marks, site] if (site := host(profile.website)) else marks
