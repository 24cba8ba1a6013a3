"""Two names: how near they are, and in words why.

The evidence for each choice (P: nomenklatura's name pairs, dev half; L: the lists held; N: the synthetic negatives):

* **Rare words decide.** The score is the share of a name's weight that the other name holds; trade words and places
  weigh half, particles a fifth (``matching.names``). So "Bharat Trading" is not near "Star Trading".
* **An extra word costs little, wherever it stands** (``EXTRA``). A listed party that calls itself "Huawei
  Technologies Canada" must still be found. P: "Sher Abbas Stanekzai" is "Sher Mohammad Abbas Stanekzai Padshah Khan".
  Where only one name has words left over, its trade words and places count half again: "X" is "X Group India".
* **A word in the place of another costs double its weight** (``CONTRADICTION``). P: "Ihab Makhlouf" is not "Rami
  Makhlouf", "Bowne of Atlanta" is not "Bowne of Boston", and half of the false pairs are a swap of one word.
* **The less has met, the more an extra word costs** (``PLENTY``), up to twice. L: many listed names are one everyday
  word (ATLAS, HARMONY); "Atlas Copco" is none of them, "Atlas Ltd" is told. N: "Jose Vasquez" is not "Alvarez
  Vasquez, Jose Gerardo".
* **A listed firm's whole name, where it is a long word, is told among any two extra words** (``DISTINCT``). L: "Zenith
  Kardiam India" holds "Kardiam". Only between firms: N: "Robert Schneider" is not "Schneider GmbH"; ships and short
  words are everyday names.
* **Where letters were lost on the way, an extra word costs three times** (``LOST``): consonants and syllables are
  shared by many names. N: without it 60 of 1,500 names in other scripts hit somebody.
* **One letter may differ in a word, two from eight letters on** (``LONG``). P: "Sergi Lavrov", "Khürelchükh"; not
  "Castillo" for "Castro". Two may differ in a shorter word where everything else is the same ("Mark Cooney", "Mark
  Carney"); what sounds alike may differ more ("Mahmood", "Mahmoud").
* **Short names** are told exactly: where one rare word meets, no letter may differ below six, nor the spelling of its
  sound below five. L: every three-letter acronym sounds like some listed one.
* **Trade words alone are nothing** unless they are the whole of both names.
* **Initials** meet words, but not crosswise. P: "A. Khamenei"; N: "John B. Larson" is not "John L. Broussard".
* **Spaces do not decide.** P: "AlisherUsmanov", "van der bilt".
* **Aircraft are met exactly**: their names are registrations, of which one letter is another aircraft. A ship is met
  like anybody, apart from "MV": firms own them and are named after them.

When not to rely on it: a near name is a question for a person, never an answer. Names translated word by word into
another language are not found (P: "Murom Instrument-Making Plant"), nor are nicknames; a son named after his
grandfather is not told from his father (P: "Salman bin Muhammad", "Muhammad bin Salman").

nomenklatura's logic-v2, against which this was measured, is not used in process: with ``pyicu`` (no wheel for Linux, so
a compiler), ``duckdb``, ``rdflib``, ``textual`` and a pinned scikit-learn it would weigh more than the service, and its
tables take five seconds to build in every command. ``rapidfuzz`` does the distances.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from rapidfuzz.distance import OSA

from matching.names import HALF, Name, Word, consonants, hard_sound, sound

EXTRA = 0.25
CONTRADICTION = 2.0
LONG = 8
"""From so many letters on, two may differ in a word."""
LOOSE = 0.61
"""What a shorter word counts in which two letters differ, where everything else is the same."""
PLENTY = 3.0
"""When this much weight has met, an extra word costs no more than EXTRA of its own."""
DISTINCT = 7
"""From so many letters on, the rare words of a firm's name are seldom everyday words."""
DISTINCT_WITH_TRADE = 4
"""The same where trade words stand beside them in both names."""
LEAST = 0.8
"""What an extra word costs, as a multiple of EXTRA, where the name given holds a listed firm's whole distinct name."""
LOST = 3.0
"""What an extra word costs, as a multiple of EXTRA, where letters were lost on the way."""
SAME = 0.95
"""Words above this are the same, but for spellings that transliteration exchanges."""

Kind = Literal["entity", "individual", "vessel", "aircraft", "unknown"]


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


def alike(given: Word, listed: Word) -> float:
    """How alike two words are, 0 to 1."""
    a, b = given.text, listed.text
    if a == b:
        return 1.0
    shorter, longer = sorted((len(a), len(b)))
    if a.isdigit() or b.isdigit():
        return 0.0
    if shorter == 1:
        return 0.9 if longer > 1 and a[0] == b[0] and not (given.by_consonants or listed.by_consonants) else 0.0
    if given.by_consonants != listed.by_consonants:
        return _by_consonants(a, b)
    if shorter > 2 and any(one == other for one, other in _sounds(given, listed)):
        return 0.96
    return _spelled_alike(given, listed, shorter, longer)


def _sounds(given: Word, listed: Word) -> tuple[tuple[str, str], ...]:
    """How two words sound; where only one was written by sound in another alphabet, its k may be the other's c."""
    plain = (given.sound, listed.sound)
    if given.respelled == listed.respelled:
        return (plain,)
    return plain, (hard_sound(given.text), hard_sound(listed.text))


def _by_consonants(a: str, b: str) -> float:
    written = consonants(a)
    if written != consonants(b) or len(written) < 2:
        return 0.0
    return 0.9 if len(written) > 2 else 0.8


def _spelled_alike(given: Word, listed: Word, shorter: int, longer: int) -> float:
    a, b = given.text, listed.text
    differ: float = OSA.distance(a, b)
    if longer - shorter <= 2:
        differ = min(differ, *(OSA.distance(one, other) + 0.5 for one, other in _sounds(given, listed)))
    if differ <= (1 if longer < LONG else 2):
        return 1 - differ / (longer + 0.5)
    return LOOSE if differ <= 2 and shorter >= 4 and longer >= 5 and a[0] == b[0] else 0.0


def likeness(given: Name, listed: Name, kind: Kind = "unknown") -> Likeness:
    """How near two names are: the share of their weight that met, or one run of letters but for its spaces."""
    if not given.words or not listed.words:
        return Likeness(0.0)
    if given.syllables and listed.syllables:
        return _exactly(given.syllables, listed.syllables)
    if kind == "aircraft":
        return _exactly(given.run, listed.run)
    firm = (kind == "entity" or (kind == "unknown" and listed.has_form)) and given.is_firm
    return max(_by_words(given, listed, firm=firm), _by_run(given, listed), key=lambda near: near.score)


def _exactly(given: str, listed: str) -> Likeness:
    return Likeness(1.0, ((given, listed),)) if given == listed else Likeness(0.0)


# --- Word by word -----------------------------------------------------------------------------------


class _Pair(NamedTuple):
    """Two words that met: their places, and how alike they are."""

    value: float
    ours: int
    theirs: int


class _Sides(NamedTuple):
    """The words of the name given and of the listed one."""

    ours: Sequence[Word]
    theirs: Sequence[Word]

    def weight(self, pair: _Pair) -> float:
        """How much two words count together: an initial no more than an initial, else as much as the weightier."""
        one, other = self.ours[pair.ours], self.theirs[pair.theirs]
        return (min if self.shortened(pair) else max)(one.weight, other.weight)

    def shortened(self, pair: _Pair) -> int:
        """1 where the word given is an initial of the listed one, -1 the other way round, else 0."""
        return (len(self.ours[pair.ours].text) == 1) - (len(self.theirs[pair.theirs].text) == 1)

    def is_full(self, pair: _Pair) -> bool:
        """Whether both are more than an initial."""
        return min(len(self.ours[pair.ours].text), len(self.theirs[pair.theirs].text)) > 1


def _by_words(given: Name, listed: Name, *, firm: bool) -> Likeness:
    """Each word met by its likest; what is left over counts as the module's docstring says."""
    sides = _Sides(_joined(given.words, listed.words), _joined(listed.words, given.words))
    by_syllable = bool(given.syllables) != bool(listed.syllables)
    met = _met(sides, SAME + 0.02 if by_syllable else 0.0)
    if not _enough(met, sides):
        return Likeness(0.0)
    total = sum(sides.weight(pair) for pair in met)
    ours = [word for at, word in enumerate(sides.ours) if at not in {pair.ours for pair in met}]
    theirs = [word for at, word in enumerate(sides.theirs) if at not in {pair.theirs for pair in met}]
    same = {word.text for word in sides.ours} & {word.text for word in sides.theirs}
    lost = by_syllable or sides.ours[0].by_consonants != sides.theirs[0].by_consonants
    cost = _cost(ours, theirs, same, LOST if lost else _scarcity(total, met, sides, firm=firm))
    return Likeness(
        sum(sides.weight(pair) * pair.value for pair in met) / (total + cost),
        tuple((sides.ours[p.ours].text, sides.theirs[p.theirs].text) for p in sorted(met, key=lambda p: p.ours)),
        tuple(word.text for word in ours),
        tuple(word.text for word in theirs),
    )


def _scarcity(total: float, met: Sequence[_Pair], sides: _Sides, *, firm: bool) -> float:
    """What an extra word costs, as a multiple of EXTRA: the less has met the more, unless a distinct name is whole."""
    letters = sum(len(sides.ours[p.ours].text) for p in met if p.value == 1 and sides.weight(p) >= 1)
    if firm and len(met) == len(sides.theirs) and letters >= (DISTINCT if total < 1.5 else DISTINCT_WITH_TRADE):
        return LEAST
    return min(max(PLENTY / total, 1.0), 2.0)


def _joined(words: Sequence[Word], others: Sequence[Word]) -> list[Word]:
    """Words with neighbours joined where the other name writes them as one."""
    wanted = {word.text for word in others}
    out: list[Word] = []
    for word in words:
        if out and out[-1].text + word.text in wanted:
            text = out[-1].text + word.text
            out[-1] = Word(text, sound(text), out[-1].weight + word.weight, word.by_consonants, word.respelled)
        else:
            out.append(word)
    return out


def _met(sides: _Sides, above: float) -> list[_Pair]:
    """Words that met, the likest and weightiest first, each word once; their order does not matter."""
    found = [_Pair(alike(a, b), i, j) for i, a in enumerate(sides.ours) for j, b in enumerate(sides.theirs)]
    found = [pair for pair in found if pair.value > above]
    found.sort(
        key=lambda p: (-p.value * min(sides.ours[p.ours].weight, sides.theirs[p.theirs].weight), abs(p.ours - p.theirs))
    )
    met: list[_Pair] = []
    for pair in found:
        if any(pair.ours == other.ours or pair.theirs == other.theirs for other in met):
            continue
        crosswise = sides.shortened(pair) and any(sides.shortened(p) == -sides.shortened(pair) for p in met)
        if not crosswise:
            met.append(pair)
    return _without_loose(met, len(sides.ours) + len(sides.theirs))


def _without_loose(met: list[_Pair], words: int) -> list[_Pair]:
    """Two letters may differ in a short word only where every other word is the same and none is left over."""
    loose = sum(pair.value == LOOSE for pair in met)
    same = sum(pair.value > SAME for pair in met)
    if not loose or (loose == 1 and same and 2 * (same + loose) == words):
        return met
    return [pair for pair in met if pair.value != LOOSE]


def _enough(met: Sequence[_Pair], sides: _Sides) -> bool:
    """Whether more has met than initials, trade words, or one short word that is only nearly the same."""
    full = [pair for pair in met if sides.is_full(pair)]
    rare = [pair for pair in full if sides.weight(pair) >= 1]
    everything = len(met) == len(sides.ours) == len(sides.theirs)
    if not rare:
        weight = sum(sides.weight(pair) for pair in full)
        return weight >= 1 or (everything and all(pair.value == 1 for pair in met))
    letters = max(len(sides.ours[rare[0].ours].text), len(sides.theirs[rare[0].theirs].text))
    one, other = sides.ours[rare[0].ours], sides.theirs[rare[0].theirs]
    if one.respelled != other.respelled and letters > 2 and rare[0].value > SAME:
        return True  # the other alphabet explains the difference
    return len(rare) > 1 or rare[0].value == 1 or letters >= 6 or (letters == 5 and rare[0].value > SAME)


def _cost(ours: list[Word], theirs: list[Word], same: set[str], scarcity: float) -> float:
    """What the words left over take away: much where they stand against one another, else little."""
    if not (ours and theirs):  # a word said twice is no further word
        ours, theirs = ([word for word in side if word.text not in same] for side in (ours, theirs))
    given, listed = (sum(word.weight for word in side) for side in (ours, theirs))
    if not (ours and theirs):
        given, listed = (sum(w.weight * (w.weight if w.weight == HALF else 1) for w in side) for side in (ours, theirs))
    against = min(given, listed)
    return CONTRADICTION * against + EXTRA * scarcity * (given + listed - 2 * against)


# --- As one run of letters --------------------------------------------------------------------------


def _by_run(given: Name, listed: Name) -> Likeness:
    """Names compared without their spaces; where those are the same, only what is long without trade words."""
    if given.words[0].by_consonants != listed.words[0].by_consonants or given.syllables or listed.syllables:
        return Likeness(0.0)
    same_spaces = len(given.words) == len(listed.words)
    a, b = (name.rare_run if same_spaces else name.run for name in (given, listed))
    shorter = min(len(a), len(b))
    allowed = 0 if shorter < 8 else 1 if shorter < 12 else 2
    if shorter < 5 or (allowed < 2 and same_spaces):
        return Likeness(0.0)
    differ = OSA.distance(a, b, score_cutoff=allowed)
    return Likeness(0.97 - differ / shorter, ((a, b),)) if differ <= allowed else Likeness(0.0)
