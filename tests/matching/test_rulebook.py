"""A museum of broken rule files: each is refused with its file, line and path, and how to mend it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from matching.rulebook import load_rulebook
from matching.rules import Outcome, RuleError
from tests.matching.test_rules import change

SOUND = """\
rules:
  - id: XX-SOUND
    title: A rule that loads
    layer: CA
    order: 500
    authority: GAC
    citation: EIPA s.3
    url: https://laws-lois.justice.gc.ca/eng/acts/E-19/
    as_of: 2026-07-23
    from: 2025-01-01
    leg: CAN->IND
    when:
      all:
        - item.ecl: ["2-*"]
        - to.us_groups: ["A:5"]
    outcome: PERMIT
    confidence: high
    examples:
      - words: It bites
        given: {on: 2026-11-22, route: [CAN, IND], item: {ecl: [2-1]}}
        expect: bites
      - words: It does not
        given: {on: 2026-11-22, route: [CAN, IND], item: {ecl: []}}
        expect: not
"""

MUSEUM = [
    ("item.ecl", "item.elc", 14, "rules[0].when.all[0].item.elc", "'item.elc'", "'item.ecl'?"),
    ("        - item.ecl", "        - itemm", 14, "rules[0].when.all[0].itemm", "'itemm'", "one of "),
    ("us_groups", "us_group", 15, "rules[0].when.all[1].to.us_group", "'us_group'", "'us_groups'?"),
    ('"A:5"', '"A:9"', 15, "rules[0].when.all[1].to.us_groups[0]", "'A:9'", "'A:6'?"),
    ('["2-*"]', "2-*", 14, "rules[0].when.all[0].item.ecl", "'2-*'", "a list of words"),
    ('["2-*"]', "[5400]", 14, "rules[0].when.all[0].item.ecl[0]", "5400", "a word (put it in quotes)"),
    ("all:", "alll:", 13, "rules[0].when.alll", "'alll'", "'all'?"),
    ('        - item.ecl: ["2-*"]', "        - item.arms: maybe", 14, "rules[0].when.all[0].item.arms",
     "'maybe'", "true or false"),
    ('        - item.ecl: ["2-*"]', "        - item.us_content_pct: {over: 25}", 14,
     "rules[0].when.all[0].item.us_content_pct", "'over'", "one of above, at_least, at_most"),
    ('        - item.ecl: ["2-*"]', "        - to: [Kenya]", 14, "rules[0].when.all[0].to[0]", "'Kenya'", "alpha-3"),
    ('        - item.ecl: ["2-*"]', "        - term: armz", 14, "rules[0].when.all[0].term", "'armz'", "one of "),
    ('        - item.ecl: ["2-*"]', "        - on: {since: 2026-01-01}", 14, "rules[0].when.all[0].on",
     "'since'", "one of from, until"),
    ('        - item.ecl: ["2-*"]', '        - {item.ecl: ["2-*"], item.arms: true}', 14, "rules[0].when.all[0]",
     "{'item.ecl'", "a mapping with one key"),
    ('        - item.ecl: ["2-*"]', "        - python: os.remove", 14, "rules[0].when.all[0].python",
     "'python'", "one of "),
    ('        - item.ecl: ["2-*"]', "        - parties.owned: {lists: [EL]}", 14, "rules[0].when.all[0].parties.owned",
     "{'lists'", "a mapping with at_least and lists"),
    ("authority: GAC", "autority: GAC", 6, "rules[0].autority", "unknown key 'autority'", "'authority'?"),
    ("    citation: EIPA s.3\n", "", 2, "rules[0].citation", "nothing", "the key 'citation'"),
    ("citation: EIPA s.3", 'citation: ""', 7, "rules[0].citation", "''", "at least 1 character"),
    ("as_of: 2026-07-23", "as_of: last summer", 9, "rules[0].as_of", "'last summer'", "valid date"),
    ("as_of: 2026-07-23", "as_of: 2026-02-30", 9, "rules[0].as_of", "'2026-02-30'", "day is out of range"),
    ("from: 2025-01-01", "until: 2025-01-01", 2, "rules[0]", "'XX-SOUND'", "either from (and until) or in_force"),
    ("from: 2025-01-01", "in_force: [{from: 2025-01-01, until: 2024-01-01}]", 10, "rules[0].in_force[0]",
     "this mapping", "until 2024-01-01 is before from 2025-01-01"),
    ("leg: CAN->IND", "leg: CAN->abroad", 11, "rules[0].leg", "'CAN->abroad'", "one of any, foreign, market"),
    ("leg: CAN->IND", "leg: Canada to India", 11, "rules[0].leg", "'Canada to India'", "pattern"),
    ("outcome: PERMIT", "outcome: LICENCE", 16, "rules[0].outcome", "'LICENCE'", "'PERMIT'"),
    ("expect: bites", "expect: yes", 21, "rules[0].examples[0].expect", "True", "'bites'"),
    ("expect: bites", "expect: not", 2, "rules[0]", "'XX-SOUND'", "an example that bites and one that does not"),
    ("item: {ecl: []}", "item: {ecll: []}", 23, "rules[0].examples[1].given.item.ecll", "unknown key 'ecll'", "'ecl'?"),
    ("item: {ecl: [2-1]}", "item: {ecl: [6A001]}", 20, "rules[0].examples[0].given.item.ecl[0]", "'6A001'",
     "is not an entry of the Export Control List"),
    ("id: XX-SOUND", "id: CA-G2-EXPORT", 2, "rules[0].id", "'CA-G2-EXPORT'", "an id that no other rule has"),
    ("outcome: PERMIT", "outcome: GENERAL\n    replaces: [CA-G1-EXPROT]", 17, "rules[0].replaces[0]",
     "'CA-G1-EXPROT'", "'CA-G1-EXPORT'?"),
    ("outcome: PERMIT", "outcome: PERMIT\n    replaces: [CA-G1-EXPORT]", 2, "rules[0]", "'XX-SOUND'", "only a GENERAL rule"),
    ("    layer: CA", "    layer: CA\n    layer: IN", 5, "rules[0].layer", "'layer' a second time", "each key once"),
    ("when:", "when: {nothing_else: true}\n    outcome: INFO\n    notes: |", 5, "rules[0].order", "500", "at least 999"),
    ("rules:", "rulez:", 1, "rulez", "unknown key 'rulez'", "'rules'?"),
    ("rules:", "wording: {item.elc: {label: x, ask: y}}\nrules:", 1, "wording.item.elc", "'item.elc'", "'item.ecl'?"),
    ("rules:", "conclusions: [{fact: item.armz, value: true, when: {item.arms: true}, words: x, citation: y}]\nrules:",
     1, "conclusions[0].fact", "'item.armz'", "'item.arms'?"),
    ("  - id", "  - id: [", 2, "", "", "a YAML file in UTF-8"),
]  # fmt: skip


def test_the_sound_file_loads(folder: Path) -> None:
    (folder / "zz.yaml").write_text(SOUND, encoding="utf-8")
    assert "XX-SOUND" in {rule.id for rule in load_rulebook(folder).rules}


@pytest.mark.parametrize(("old", "new", "line", "path", "found", "expected"), MUSEUM, ids=range(len(MUSEUM)))
def test_museum(folder: Path, old: str, new: str, line: int, path: str, found: str, expected: str) -> None:
    file = folder / "zz.yaml"
    text = SOUND.replace(old, new, 1)
    if new.endswith("notes: |"):
        text = text.replace("    outcome: PERMIT\n", "")
    assert text != SOUND
    file.write_text(text, encoding="utf-8")
    with pytest.raises(RuleError) as caught:
        load_rulebook(folder)
    error = caught.value
    assert (error.file, error.line, error.path) == (str(file), line, path), str(error)
    assert found in error.found, str(error)
    assert expected in error.expected, str(error)
    assert str(error) == f"{file}:{line}: {path}: found {error.found}; expected {error.expected}"


@pytest.mark.parametrize(
    ("name", "old", "new", "line", "column", "expected"),
    [
        ("countries.csv", "KEN,Kenya,Africa,,", "KEN,Kenya,Africa,2026-13-01,", 40, "from", "dates like 2026-11-22, in order"),
        ("countries.csv", "ARE,United Arab Emirates,Middle East,2026-07-10", "ARE,United Arab Emirates,Middle East,2026-07-09",
         84, "iso3", "periods that do not overlap"),
        ("countries.csv", "us_fdp_ns", "us_fdp", 1, "", "that column"),
        ("countries.csv", ",no,none,,no,no,", ",no,none,,no,maybe,", 2, "ca_gep41_eligible",
         "yes, no or blank (unknown)"),
        ("embargoes.csv", "default_outcome", "outcome", 1, "", "that column"),
    ],
)  # fmt: skip
def test_broken_tables(folder: Path, name: str, old: str, new: str, line: int, column: str, expected: str) -> None:
    change(folder / name, old, new)
    with pytest.raises(RuleError) as caught:
        load_rulebook(folder)
    error = caught.value
    assert (error.file, error.path, error.expected) == (str(folder / name), column, expected), str(error)
    assert error.line == line, str(error)


def test_every_fact_has_words(folder: Path) -> None:
    change(folder / "wording.yaml", "  item.gep41_excluded:", "  item.uav_:")
    with pytest.raises(RuleError, match=r"wording\.item\.uav_: found 'item\.uav_'; expected 'item\.uav'\?"):
        load_rulebook(folder)


def test_wording_that_is_missing_is_named(folder: Path) -> None:
    file = folder / "wording.yaml"
    text = re.sub(r"  item\.uav:\n(    .*\n)+", "", file.read_text(encoding="utf-8"))
    file.write_text(text, encoding="utf-8")
    with pytest.raises(RuleError, match=r"no wording for item\.uav; expected one for every fact"):
        load_rulebook(folder)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match=r"countries\.csv:1"):
        load_rulebook(tmp_path)


def test_a_folder_without_rules_is_refused(folder: Path) -> None:
    for file in folder.glob("*.yaml"):
        file.unlink()
    with pytest.raises(RuleError, match="found no rule"):
        load_rulebook(folder)


def test_outcomes_are_the_vocabulary_of_the_issue() -> None:
    vocabulary = "INFO GENERAL REQUIRED PERMIT PERMIT_HARD REVIEW BLOCK_UNLESS BLOCK".split()
    assert [outcome.value for outcome in Outcome] == vocabulary
