"""French is whole: nothing that a page, a sentence or a rule says lacks it, and no translation loses a value."""

from __future__ import annotations

import re
from string import Formatter
from typing import get_args

import pytest
from babel.messages.pofile import read_po

from app.decisions import Reason
from app.languages import CATALOGUES
from app.web import words
from matching.modes import Mode
from matching.pathway import Verdict
from matching.profile import Ownership, Role
from matching.ranking import SIGNALS
from matching.rules import Outcome
from tests.contracts.french import said_in_code, said_in_seeds, untranslated

RENEW = "run `python -m tests.contracts.french` and write the French of what it added"


def test_every_message_of_code_and_pages_has_french() -> None:
    assert untranslated(CATALOGUES[0], said_in_code()) == [], RENEW


def test_every_text_of_rules_and_lists_has_french() -> None:
    assert untranslated(CATALOGUES[1], said_in_seeds()) == [], RENEW


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.name)
def test_a_translation_has_the_values_of_its_message(path) -> None:
    with path.open("rb") as stream:
        catalogue = read_po(stream, locale="fr")
    for message in catalogue:
        english = message.id[0] if isinstance(message.id, tuple) else message.id
        for french in message.string if isinstance(message.string, tuple) else (message.string,):
            assert values(french) == values(english), english


def values(text: str) -> set[str]:
    braces = {name for _, name, _, _ in Formatter().parse(text) if name} if "{" in text else set()
    return braces | set(re.findall(r"%\(\w+\)s", text))


@pytest.mark.parametrize(
    ("named", "worded"),
    [
        (set(SIGNALS), words.SIGNALS),
        (set(SIGNALS), words.SIGNALS_SAY),
        ({mode.value for mode in Mode}, words.MODES),
        ({verdict.value for verdict in Verdict}, words.VERDICTS),
        ({outcome.value for outcome in Outcome}, words.OUTCOMES),
        (set(get_args(Reason)), words.REASONS),
        (set(get_args(Role)), words.ROLES),
        (set(get_args(Ownership)), words.OWNERSHIPS),
    ],
)
def test_the_pages_have_a_word_for_whatever_the_engine_names(named, worded) -> None:
    assert set(worded) == named
