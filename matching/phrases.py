"""Sentences that remember what they were made of, so that another language can be made of the same facts.

The engine writes English. A ``Phrase`` is that English text, and besides it holds the template and the values that were
put in; a catalogue over the templates (gettext's message ids) then gives the sentence in another language, with its
figures in that language's manner. Names and quoted statements are values and stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

Form = Mapping[str, Any]
"""A phrase as JSON: ``{"say": template, "with": {name: value}}`` or ``{"join": separator, "of": [part, …]}``.

A value is a number, a text that stays as it is, or again the form of a phrase.
"""


class Phrase(str):
    """English text that knows its template and values, or the parts that it joins."""

    __slots__ = ("form",)

    form: Form

    @classmethod
    def of(cls, text: str, form: Form) -> Phrase:
        """The text with what it was made of."""
        phrase = cls(text)
        phrase.form = form
        return phrase


def say(template: str, /, **values: str | float) -> Phrase:
    """The template with its values put in, in the manner of ``str.format``; without values, the text itself."""
    if not values:
        return Phrase.of(template, {"say": template})
    return Phrase.of(
        template.format(**values), {"say": template, "with": {name: _plain(v) for name, v in values.items()}}
    )


def joined(separator: str, parts: Iterable[str]) -> Phrase:
    """Several texts in a row; those that are phrases stay translatable."""
    held = list(parts)
    return Phrase.of(separator.join(held), {"join": separator, "of": [_plain(part) for part in held]})


def _plain(value: str | float) -> Any:
    return value.form if isinstance(value, Phrase) else value


def phrasebook(value: object) -> dict[str, Form]:
    """Every phrase in a value (dataclasses, sequences and mappings are looked through), by its English text."""
    return {str(phrase): phrase.form for phrase in _phrases(value)}


def _phrases(value: object) -> Iterator[Phrase]:
    if isinstance(value, Phrase):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from _phrases(getattr(value, field.name))
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _phrases(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _phrases(inner)
