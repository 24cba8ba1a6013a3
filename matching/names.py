"""A name as it is compared: words of one alphabet, without legal form, title or article, each with a weight.

What is read away, and the evidence (cases of nomenklatura's name benchmark, MIT: ``data/screening/names``):

* **Legal forms never count,** not even misspelt by a letter or spelled out in another script; a word of one that stands
  alone counts a fifth. "Stripe LLC" is "Stripe Limited Liability Company"; "Volkswagen AG" is not "Siemens
  AG". A name that is nothing but legal forms has no words, and what has no words is never a hit. The table holds the
  forms met on the lists held and those of Canada and India, spelled out, shortened, and in Cyrillic, Chinese, Arabic
  and Devanagari.
* **Titles and articles never count** ("Dr. Rami Makhlouf", "The World Bank"); "&" is "and", and both go.
* **Particles count little** (al, bin, van): transliteration drops, doubles and moves them.
* **Trade words and places count half** (industries, trading, India): firms that share only them share nothing.
* **Other alphabets** become Latin through ``anyascii`` (ISC, pure Python, every script). ICU, which ``rigour`` and
  so ``nomenklatura`` need, has no wheel for Linux and would put a compiler on every machine.
* **Arabic, Persian and Hebrew write few vowels**, so their words meet Latin ones by consonants alone.
* **Chinese, Japanese and Korean signs** are compared one by one with their own kind (习近平 is not 习近朋), and with
  Latin words by the exact syllable.
* **Words written by sound in another alphabet** are read back: Greek writes b, d and g with two letters (Μπαχράμ is
  Bahram), Cyrillic and Greek write c as k and th as t and h, so these words meet Latin ones also by a
  ``hard_sound``, and trade words, articles and legal forms are known by theirs.
* **Spellings that transliteration exchanges** are made one by ``sound``: Ahmadinejad, Ahmadinezhad; Gazprom, Gasprom.
* **Numbers in words** are digits ("Three Percenters"), and digits within words are the letters they imitate
  ("Ig0r Sech1n").
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from anyascii import anyascii
from rapidfuzz.distance import OSA

HALF = 0.5
"""The weight of a trade word or a place."""

LONGEST_NAME = 500
"""Characters. The longest name on the lists held has 381, and it is a sentence."""

LEGAL_FORMS = (
    "ab|ag|akg|aktiengesellschaft|ao|oao|zao|pao|nao|ooo|ojsc|pjsc|cjsc|jsc|apc|as|asa|aps|a s|a o|anonim sirketi|"
    "anonim sirket|ltd sti|limited sirketi|sanayi ve ticaret|bhd|sdn bhd|sendirian berhad|berhad|bv|b v|"
    "besloten vennootschap|co|cos|company|companies|corp|corporation|incorporated|inc|incorporation|cv|c v|doo|"
    "d o o|dba|dmcc|eirl|eurl|e k|ev|e v|fze|fzc|fzco|fz llc|fz|gmbh|gesellschaft mit beschrankter haftung|"
    "gesellschaft mit beschraenkter haftung|mbh|kg|kgaa|ohg|se|hf|ehf|iik|jv|joint venture|kk|k k|kabushiki kaisha|"
    "kft|kabushiki gaisha|limited|ltd|limitada|ltda|lda|limitee|ltee|limited liability company|"
    "limited liability partnership|limited partnership|llc|l l c|llp|lp|l p|lllp|nv|n v|naamloze vennootschap|na|"
    "n a|oy|oyj|open joint stock company|public joint stock company|closed joint stock company|joint stock company|"
    "joint stock co|private joint stock company|non public joint stock company|joint stock|one person company|opc|"
    "plc|p l c|public limited company|public company limited|pcl|private limited company|private limited|"
    "private ltd|pvt limited|pvt ltd|pvt|pte ltd|pte limited|pte|pty ltd|pty limited|pty|praivet limited|"
    "praiveta limiteda|proprietary limited|psc|pjs|qfc|qsc|sa|s a|sae|s a e|sal|saog|sas|s a s|sa de cv|s a de c v|"
    "sociedad anonima|sociedad anonima de capital variable|societe anonyme|societe par actions simplifiee|"
    "sociedad de responsabilidad limitada|sociedad limitada|societa per azioni|societa a responsabilita limitata|"
    "societatea cu raspundere limitata|societe a responsabilite limitee|sarl|s a r l|srl|s r l|sl|s l|sp a|spa|"
    "s p a|sp z o o|sp z oo|spzoo|spolka z ograniczona odpowiedzialnoscia|spolka akcyjna|spol s r o|s r o|sro|sp|"
    "tbk|pt|too|tov|vof|wll|w l l|ulc|unlimited|unlimited company|unlimited liability company|"
    "obshchestvo s ogranichennoi otvetstvennostyu|obshchestvo s ogranichennoy otvetstvennostyu|"
    "obschestvo s ogranichennoi otvetstvennostyu|tovarystvo z obmezhenoyu vidpovidalnistyu|"
    "aktsionernoe obshchestvo|otkrytoe aktsionernoe obshchestvo|zakrytoe aktsionernoe obshchestvo|"
    "publichnoe aktsionernoe obshchestvo|nepublichnoe aktsionernoe obshchestvo|aktsionernoye obshchestvo|"
    "publichnoye aktsionernoye obshchestvo|otkrytoye aktsionernoye obshchestvo|zakrytoye aktsionernoye obshchestvo|"
    "fgup|federal state unitary enterprise|federalnoe gosudarstvennoe unitarnoe predpriyatie|fsue|gup|"
    "unitary enterprise|ano|avtonomnaya nekommercheskaya organizatsiya|you xian gong si|you xian ze ren gong si|"
    "gu fen you xian gong si|gong si|zhu shi hui she|you xian hui she|jusighoesa|sherkat|sharikat|shrkt|shirka|"
    "limiteda|limiteda kampani|praibheta limiteda|praivet limiteda"
)
TITLES = (
    "jr sr mv mr mrs ms miss dr prof professor sir lord lady sheikh shaikh shaykh sheik hajji haji hadji monsieur "
    "madame mme herr frau shri sri smt general gen colonel col captain capt hon mullah mawlawi maulavi qari"
)
ARTICLES = "the and of for und et y e de la le les der die das del di da do dos des den het du in named after imeni im"
PARTICLES = {
    word: word
    for word in "al el ad as ul ur an ar abd abdul abdel abdal abu abou umm van von zu ter ten st san santa".split()
}
PARTICLES |= dict.fromkeys(("bin", "ibn", "ben", "bint", "binti", "bn", "wald", "ould"), "bin")
TRADE = (
    "industries industry industrial industrie international intl trading trade traders technology technologies "
    "tech tekhnologii engineering engineers group groupe grupo gruppe holding holdings services service systems "
    "system solutions enterprise enterprises research institute institut center centre development production "
    "products general shipping marine maritime aviation aerospace aero defence defense electronics electronic "
    "electric electrical bank trust fund capital investment investments invest management manufacturing "
    "manufacturers construction constructions materials machinery machine machines metal metals steel energy power "
    "oil gas petroleum chemical chemicals logistics transport export exports import imports commercial commerce "
    "business global national state federal united central new scientific science sciences technical university "
    "academy school association organization organisation society foundation committee ministry bureau office "
    "agency department plant factory zavod works mills shipyard ship shipbuilding design security equipment "
    "instruments instrument control controls automation software digital data information communications "
    "communication telecom network networks consulting consultants partners associates brothers bros sons company "
    "laboratory laboratories labs lab space air airlines aircraft precision advanced applied dynamics materiel "
    "military army naval navy special public private first north south east west northern southern eastern western "
    "base yard site dock docks terminal workshop diesel engine engines motor motors field station hub "
    "quantum cyber cybersecurity unmanned drone drones robotic robotics autonomous radar sonar optic optics optical "
    "photonics excellence innovation innovations overseas campus main unit division branch head office registered new "
    "royal grand super prime premier"
)
PLACES = (
    "india indian bharat canada canadian china chinese russia russian iran iranian america american usa us uk "
    "britain british france french germany german europe european asia asian africa african japan japanese korea "
    "korean ukraine belarus syria iraq lebanon pakistan uae dubai singapore hong kong hk malaysia indonesia turkey "
    "vietnam philippines mumbai delhi bangalore bengaluru hyderabad chennai kolkata pune toronto ottawa montreal "
    "vancouver quebec ontario beijing shanghai shenzhen moscow tehran mexico brazil spain italy netherlands sweden "
    "norway switzerland schweiz australia"
)
TERMS = {
    "有限责任公司": "llc", "股份有限公司": "ltd", "有限公司": "ltd", "公司": "co", "株式会社": "ltd", "集团": "group",
    "科技": "technology", "技术": "technology", "电子": "electronics", "航空": "aviation", "航天": "aerospace",
    "工业": "industry", "国际": "international", "贸易": "trading", "研究所": "institute", "研究院": "institute",
    "大学": "university", "中国": "china", "北京": "beijing", "上海": "shanghai", "深圳": "shenzhen",
    "香港": "hong kong",
    "银行": "bank", "能源": "energy", "船舶": "shipbuilding", "重工": "heavy industry", "半导体": "semiconductor",
    "شركة": "company", "مجموعة": "group", "بنك": "bank", "شرکت": "company", "گروه": "group", "بانک": "bank",
    "लिमिटेड": "limited", "प्राइवेट": "private", "प्रा": "pvt", "लि": "ltd", "कंपनी": "company", "इंडिया": "india",
    "भारत": "bharat",
}  # fmt: skip
"""Words of trade that are translated in firms' names where everything else is written by sound."""

NUMBERS = {
    word: number
    for number, words in enumerate(
        "zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|"
        "eighteen|nineteen".split("|")
    )
    for word in words.split()
}
TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80}
IMITATED = str.maketrans("013457", "oleast")
SPELLED = frozenset("LATIN CYRILLIC GREEK ARMENIAN GEORGIAN HANGUL CJK HIRAGANA KATAKANA".split())
"""Scripts whose vowels survive transliteration; words of all others meet these by consonants."""
BY_SOUND = frozenset("CYRILLIC GREEK ARMENIAN GEORGIAN".split())
"""Alphabets other than the Latin in which foreign words are spelled as they sound."""
SYLLABLES = frozenset("CJK HIRAGANA KATAKANA HANGUL".split())
"""Scripts of which one sign is a syllable; what a short syllable sounds like is shared by many."""


class UnreadableName(ValueError):
    """What was given is not a name that can be compared; the message says why."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a name: in Latin letters, as it sounds, how much it counts, and whether its vowels are lost."""

    text: str
    sound: str
    weight: float
    by_consonants: bool = False
    respelled: bool = False
    """Whether it was written by sound in an alphabet with vowels other than the Latin."""


@dataclass(frozen=True)
class Name:
    """A name read for comparison; ``words`` is empty when nothing but legal forms and articles is in it."""

    text: str
    words: tuple[Word, ...]
    run: str
    """Everything but the legal form as one run of letters, so that spaces do not decide."""
    syllables: str = ""
    """What is written in Chinese or Japanese characters."""
    has_form: bool = False
    """Whether a legal form was read away."""

    @property
    def rare_run(self) -> str:
        """The words that are no trade words as one run of letters."""
        return "".join(word.text for word in self.words if word.weight != HALF)

    @property
    def is_firm(self) -> bool:
        """Whether a legal form or a trade word says that it is a firm's."""
        return self.has_form or any(word.weight == HALF for word in self.words)

    @property
    def weight(self) -> float:
        """How much all words count together."""
        return sum(word.weight for word in self.words)


def _phrases(table: str) -> dict[str, list[tuple[str, ...]]]:
    """Legal forms by their first word, the longest first."""
    by_first: dict[str, list[tuple[str, ...]]] = {}
    for phrase in dict.fromkeys(table.split("|")):
        words = tuple(phrase.split())
        by_first.setdefault(words[0], []).append(words)
    return {first: sorted(forms, key=len, reverse=True) for first, forms in by_first.items()}


_FORMS = _phrases(LEGAL_FORMS)
_FORM_WORDS = frozenset(word for forms in _FORMS.values() for form in forms for word in form)
_LONG_FORM_WORDS = sorted(word for word in _FORM_WORDS if len(word) > 6)
_TITLES = frozenset(TITLES.split())
_ARTICLES = frozenset(ARTICLES.split())
_TRANSLATED_FORMS = frozenset("llc ltd co company limited private pvt".split())
_HALF = frozenset(TRADE.split()) | frozenset(PLACES.split())
_TERM = re.compile("|".join(sorted(TERMS, key=len, reverse=True)))
_DOT = re.compile("[·・•‧∙]")
"""Stands between the names of a foreigner in Chinese and Japanese, whose sounds have vowels of their own."""
_FIRST_VOWELS = str.maketrans(dict.fromkeys("اأإآٱعאע", "a"))
"""Alif, ayn and their Hebrew kin, which anyascii leaves out: that a word begins with a vowel tells Ahmed from Hamid."""
_GREEK = {"μπ": "b", "ντ": "d", "γκ": "g", "τζ": "j", "ου": "ou", "ού": "ou", "χ": "kh"}
"""Letters that modern Greek writes with two, and one that is no ch."""
_GREEK_PAIR = re.compile("|".join(_GREEK))
_YO = re.compile(r"(?i)\bё")
"""At a word's beginning the Russian letter is heard as yo; within, it is mostly written e (Пётр, Petr)."""
_APOSTROPHES = re.compile("['`’‘ʼʿʾ]")
_INITIALS = re.compile(r"\b(?:[a-z]\.){2,}(?:[a-z]\b)?")
_TOKEN = re.compile(r"[a-z0-9]+")


def read_name(text: str) -> Name:
    """Read a name; raises UnreadableName when it is empty or longer than any name."""
    if len(text) > LONGEST_NAME:
        raise UnreadableName(f"a name has at most {LONGEST_NAME} characters, this has {len(text):,}")
    if not any(c.isalnum() for c in text):
        raise UnreadableName("the name is empty: it has no letter and no digit")
    return _read(text)


@lru_cache(maxsize=200_000)
def _read(text: str) -> Name:
    plain, scripts = (text, frozenset[str]()) if text.isascii() else _unified(text)
    foreign = bool(scripts & SYLLABLES) and bool(_DOT.search(text))
    by_consonants = bool(scripts - SPELLED) or foreign
    respelled = bool(scripts & BY_SOUND) and not by_consonants
    said = tokens = _tokens(plain, syllables=bool(scripts & SYLLABLES) and not foreign)
    if by_consonants:
        tokens = [part for token in tokens if token not in _TRANSLATED_FORMS for part in _without_al(token)]
    else:
        tokens = _without_forms([_as_known_word(token) for token in tokens] if respelled else tokens)
    kept = [t for t in tokens if t not in _ARTICLES] or tokens
    kept = [t for t in kept if t not in _TITLES] or kept
    words = tuple(_word(token, by_consonants, respelled) for token in _numbers(kept))
    own = "".join(c for c in _TERM.sub("", text) if ord(c) > 0x3000) if scripts & SYLLABLES and not foreign else ""
    return Name(text, words, "".join(tokens), own, has_form=len(tokens) < len(said) and not by_consonants)


def _unified(text: str) -> tuple[str, frozenset[str]]:
    """A text in Unicode's compatibility form, its trade words translated, and the scripts it is written in."""
    text = unicodedata.normalize("NFKC", text).translate(_FIRST_VOWELS)
    text = _YO.sub("йо", text)
    if _GREEK_PAIR.search(text.lower()):
        text = _GREEK_PAIR.sub(lambda pair: _GREEK[pair[0]], text.lower())
    scripts = (unicodedata.name(c, "?").split()[0].split("-")[0] for c in set(text) if c.isalpha() and c > "\u007f")
    return _TERM.sub(lambda term: f" {TERMS[term[0]]} ", text), frozenset(scripts) - {"FULLWIDTH", "MODIFIER", "?"}


def _tokens(text: str, *, syllables: bool) -> list[str]:
    """Latin words of a text. Dots within initials and apostrophes join, everything else parts."""
    latin = text if text.isascii() else anyascii(text)
    if syllables:
        latin = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", latin)  # each character's sound begins with a capital
    latin = _APOSTROPHES.sub("", latin.lower())
    if "." in latin:
        latin = _INITIALS.sub(lambda initials: initials[0].replace(".", "") + " ", latin)
    return _TOKEN.findall(latin)


def _without_forms(tokens: list[str]) -> list[str]:
    """The tokens without legal forms, wherever they stand."""
    as_forms = [_as_form_word(token) for token in tokens]
    kept, at = [], 0
    while at < len(tokens):
        forms = _FORMS.get(as_forms[at], ())
        length = next(
            (len(f) for f in forms if tuple(as_forms[at : at + len(f)]) == f and _may_stand(f, at, tokens)), 0
        )
        if not length:
            kept.append(as_forms[at])
        at += length or 1
    return kept


@lru_cache(maxsize=200_000)
def _as_form_word(token: str) -> str:
    """The word of a legal form that a word is, sounds like, or misspells by a letter; else the word itself."""
    if len(token) < 3 or token in _FORM_WORDS:
        return token
    sounds = _FORM_SOUNDS.get(sound(token))
    if sounds is not None:
        return sounds
    if len(token) < 6 or token in _HALF:
        return token
    return next(
        (word for word in _LONG_FORM_WORDS if abs(len(word) - len(token)) < 2 and OSA.distance(word, token) < 2), token
    )


@lru_cache(maxsize=50_000)
def _as_known_word(token: str) -> str:
    """The trade word, article or legal form that a word of another alphabet sounds like; else the word itself."""
    if token in _HALF or token in _FORM_WORDS or token in _ARTICLES:
        return token
    return _KNOWN_SOUNDS.get(sound(token)) or _KNOWN_SOUNDS.get(hard_sound(token)) or token


def _may_stand(form: tuple[str, ...], at: int, tokens: list[str]) -> bool:
    """Single letters are a legal form at the end of a name only: "Denmark A/S", not "S. A. Khan"."""
    return any(len(word) > 1 for word in form) or (at > 0 and at + len(form) == len(tokens))


def _without_al(token: str) -> tuple[str, ...]:
    """Arabic writes its article into the word."""
    return ("al", token[2:]) if token.startswith("al") and len(token) > 4 else (token,)


def _numbers(tokens: list[str]) -> list[str]:
    """Tokens with numbers in words as digits, and with the letters that digits within a word imitate."""
    out: list[str] = []
    for token in tokens:
        number = NUMBERS.get(token, TENS.get(token))
        digit = number if number is not None else int(token) if token.isdecimal() and len(token) == 1 else None
        if digit is not None and digit < 10 and out and out[-1] in {str(ten) for ten in TENS.values()}:
            out[-1] = str(int(out[-1]) + digit)
        elif number is not None:
            out.append(str(number))
        elif (token[0].isalpha() and token[-1].isalpha()) or not any(map(str.isalpha, token)):
            out.append(token.translate(IMITATED) if token[0].isalpha() else token)
        elif re.fullmatch(r"[a-z]+\d[a-z]*\d?[a-z]*", token) and sum(map(str.isalpha, token)) > 3:
            out.append(token.translate(IMITATED))
        else:
            out.append(token)
    return out


def _word(token: str, by_consonants: bool, respelled: bool) -> Word:
    token = PARTICLES.get(token, token)
    if token in PARTICLES or (token in _FORM_WORDS and len(token) > 3):
        weight = 0.2
    elif len(token) == 1 and token.isalpha():
        weight = 0.3
    else:
        weight = HALF if token in _HALF else 1.0
    return Word(token, sound(token), weight, by_consonants, respelled)


_DIGRAPHS = {
    "tkh": "t",
    "pkh": "f",
    "gkh": "g",
    "dzh": "j",
    "dj": "j",
    "zh": "j",
    "gh": "g",
    "kh": "h",
    "ph": "f",
    "th": "t",
}
_SOUNDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), to)
    for pattern, to in (
        (r"tsch|shch|sch|tch|tsh|sh|ch", "s"),
        (r"ck|c(?=[^eiy]|$)|q", "k"),
        (r"^x|c(?=[eiy])|z", "s"),
        (r"x", "ks"),
        (r"w", "v"),
        (r"ou|oo|o", "u"),
        (r"ii|iy|yy|ij|ie|ee|ei|ey|ay|ai|ae|y", "i"),
        (r"j", "i"),
        (r"(.)\1+", r"\1"),
        (r"(?<=[aiue])h(?=[^aiue]|$)", ""),
    )
)
_DIGRAPH = re.compile("|".join(_DIGRAPHS))


@lru_cache(maxsize=200_000)
def sound(token: str) -> str:
    """A word with the spellings that transliteration exchanges made one; a word with digits stays as it is."""
    if not token.isalpha():
        return token
    token = _DIGRAPH.sub(lambda letters: _DIGRAPHS[letters[0]], _SOUNDS[0][0].sub("s", token))
    for pattern, to in _SOUNDS[1:]:
        token = pattern.sub(to, token)
    return token


_HARD = {"c": "k", "x": "ks", "mp": "b", "mb": "b", "nt": "d", "nd": "d", "ng": "g", "nk": "g"}
_HARDENED = re.compile(r"c(?!h)|x|m[pb]|n[tdgk]")


@lru_cache(maxsize=200_000)
def hard_sound(token: str) -> str:
    """``sound`` with what other alphabets write alike made one: c and k, x and ks, Greek mp, mb and b."""
    return sound(_HARDENED.sub(lambda letters: _HARD[letters[0]], token))


_SAME = {"th": "t", "dh": "d", "gh": "g", "ck": "k", "ph": "f", "ce": "s", "ci": "s"}
_ONE = re.compile("|".join(_SAME))
_FORM_SOUNDS = {sound(word): word for word in sorted(_FORM_WORDS) if len(word) > 2}
_KNOWN_SOUNDS = {
    heard: word
    for words in (_FORM_WORDS, _ARTICLES, _HALF)
    for hear in (hard_sound, sound)
    for word in sorted(words, reverse=True)
    if len(word) > 1 and len(heard := hear(word)) > 1
}
_CLASSES = str.maketrans("pvqcxz", "bfkkss", "aeiouwy")


@lru_cache(maxsize=200_000)
def consonants(token: str) -> str:
    """What scripts without vowels write of a word: whether it begins with one, and its consonants, doubles made one."""
    begins = "a" if token[:1] in ("a", "e", "i", "o", "u") else ""
    return begins + re.sub(r"(.)\1+", r"\1", _ONE.sub(lambda letters: _SAME[letters[0]], token).translate(_CLASSES))
