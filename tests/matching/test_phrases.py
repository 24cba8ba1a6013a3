"""Phrases: English that remembers its template and values, found again wherever they stand in an answer."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from matching.phrases import Phrase, joined, phrasebook, say


def test_a_phrase_is_its_english_text() -> None:
    phrase = say("TRL {trl:g} of {firm}", trl=4.0, firm="Kraken {Robotics}")
    assert phrase == "TRL 4 of Kraken {Robotics}"
    assert orjson.dumps({"because": phrase}) == b'{"because":"TRL 4 of Kraken {Robotics}"}'
    assert phrase.form == {"say": "TRL {trl:g} of {firm}", "with": {"trl": 4.0, "firm": "Kraken {Robotics}"}}


def test_a_text_without_values_may_hold_braces() -> None:
    assert say("{not} a template") == "{not} a template"
    assert say("{not} a template").form == {"say": "{not} a template"}


def test_phrases_within_phrases_keep_their_forms_and_names_stay_names() -> None:
    inner = joined("; ", ["Sonar", say("{n} people", n=3)])
    assert inner == "Sonar; 3 people"
    assert say("has {facts}", facts=inner).form == {
        "say": "has {facts}",
        "with": {"facts": {"join": "; ", "of": ["Sonar", {"say": "{n} people", "with": {"n": 3}}]}},
    }


@dataclass(frozen=True, slots=True)
class Told:
    sentence: str
    others: tuple[str, ...]


def test_the_phrasebook_holds_every_phrase_of_a_value_and_no_other_text() -> None:
    told = Told(say("one"), (say("two {x}", x="y"), "a name"))
    book = phrasebook({"matches": [told], "count": 3, "none": None})
    assert book == {"one": {"say": "one"}, "two y": {"say": "two {x}", "with": {"x": "y"}}}
    assert all(type(key) is str for key in book)
    assert isinstance(told.sentence, Phrase)
