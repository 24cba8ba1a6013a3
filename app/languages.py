"""English and French: messages, phrases, numbers and days in the reader's language.

English is the language of the code and of the stored answers. French comes from two catalogues: ``app/locale/fr.po``
for what the code and the pages say, ``seeds/french.po`` for what the rules say in English only; names that the seeds
hold in both languages (sectors, markets, demands) are handed in as terms. A text without French stays English rather
than vanish; `tests/contracts` counts such texts and allows none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from string import Formatter
from typing import Any, Literal, get_args

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import Translations

from app.settings import ROOT
from matching.phrases import Form, Phrase

Code = Literal["en", "fr"]
CODES: tuple[Code, ...] = get_args(Code)
LOCALES: Mapping[Code, str] = {"en": "en_CA", "fr": "fr_CA"}
CATALOGUES = (ROOT / "app" / "locale" / "fr.po", ROOT / "seeds" / "french.po")


@dataclass(frozen=True)
class Language:
    """How one reader is spoken to."""

    code: Code
    messages: Translations
    terms: Mapping[str, str] = field(default_factory=dict)
    """English names to names in this language, as the seeds hold both; and words for the names of the code."""

    @property
    def other(self) -> Code:
        """The language to switch to."""
        return "fr" if self.code == "en" else "en"

    @property
    def locale(self) -> Locale:
        """Canadian English or French: how figures and days are written."""
        return Locale.parse(LOCALES[self.code])

    def text(self, message: str) -> str:
        """The message in this language; English where none is held."""
        if isinstance(message, Phrase):
            return self.said(message.form)
        return self.terms.get(message) or (str(self.messages.gettext(message)) if message else "")

    def told(self, sentence: str, phrases: Mapping[str, Form]) -> str:
        """A sentence of the engine in this language, by the phrases stored with it."""
        form = phrases.get(sentence)
        return self.text(sentence) if form is None else self.said(form)

    def said(self, form: Form | str | float) -> str:
        """A phrase from its form; a text stays as it is, a number is written in this language's manner."""
        if isinstance(form, str):
            return form
        if isinstance(form, int | float):
            return self.number(form)
        if "join" in form:
            return str(form["join"]).join(self.said(part) for part in form["of"])
        template = self.text(form["say"])
        values = form.get("with")
        if not values:
            return template
        return _Filled(self).vformat(template, (), {name: _as_told(self, value) for name, value in values.items()})

    def number(self, value: float, spec: str = "g") -> str:
        """A figure: ``.2f`` gives two decimals, ``g`` at most six significant ones."""
        if spec.endswith("f"):
            places = int(spec.strip("f").lstrip(".") or 0)
            return str(format_decimal(round(value, places), format=_pattern(places), locale=self.locale))
        return str(format_decimal(float(f"{value:.6g}"), locale=self.locale, decimal_quantization=False))

    def share(self, value: float) -> str:
        """A share between 0 and 1 as a percentage without decimals."""
        return f"{value:.0%}" if self.code == "en" else f"{value * 100:.0f}\u00a0%"

    def day(self, value: date | datetime | str) -> str:
        """A day in words; a text that is no whole ISO day (a year, a month) is left as it is."""
        if isinstance(value, str):
            try:
                value = date.fromisoformat(value[:10])
            except ValueError:
                return str(value)
        return str(format_date(value, format="long", locale=self.locale))

    def moment(self, value: datetime | str) -> str:
        """A day and time, in UTC."""
        at = datetime.fromisoformat(value) if isinstance(value, str) else value
        return f"{format_datetime(at, format='medium', locale=self.locale)} UTC"


def _pattern(places: int) -> str:
    return "#,##0" + ("." + "0" * places if places else "")


def _as_told(language: Language, value: Any) -> str | float:
    return value if isinstance(value, int | float) else language.said(value)


class _Filled(Formatter):
    """Puts values into a translated template, with figures in the language's manner."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, int | float):
            return self._language.number(value, format_spec or "g")
        return str(value)


@lru_cache(maxsize=1)
def _french() -> Translations:
    found: Translations | None = None
    for path in CATALOGUES:
        held = translations(path)
        if found is None:
            found = held
        else:
            found.add_fallback(held)
    assert found is not None
    return found


def translations(path: Path) -> Translations:
    """The messages of a catalogue as a translator writes it; fuzzy ones are not used."""
    with path.open("rb") as stream:
        catalogue = read_po(stream, locale="fr")
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


def language(code: Code, terms: Mapping[str, str] | None = None) -> Language:
    """The language of a code, with the names that the seeds hold in both."""
    return Language(code, Translations() if code == "en" else _french(), terms or {})
