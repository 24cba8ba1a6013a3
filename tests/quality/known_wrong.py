"""Renew KNOWN_WRONG in test_judgements.py: judgements that do not hold yet, each with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from matching.play import Play
from matching.ranking import WEIGHTS
from tests.factories import ROOT
from tests.quality.judgements import against, judge, read_judgements

TEST = ROOT / "tests" / "quality" / "test_judgements.py"
BEGIN, END = "# <known-wrong>\n", "# </known-wrong>\n"

Known = Mapping[tuple[str, str, str], str]


def renew(play: Play, path: Path = TEST) -> str:
    """Write the judgements that do not hold into the test file and say what changed.

    A row that was on the list keeps its reason; a new one gets the signal that speaks most for the worse firm.
    """
    from tests.quality.test_judgements import KNOWN_WRONG

    judged = judge(play, WEIGHTS, read_judgements())
    wrong = {one.judgement[:3]: against(play, WEIGHTS, one) for one in judged if not one.holds}
    kept = {key: KNOWN_WRONG.get(key, reason) for key, reason in wrong.items()}
    before, rest = path.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    path.write_text(f"{before}{BEGIN}{_as_python(kept)}{END}{after}", encoding="utf-8")
    changes = [f"now wrong: {_named(key)} ({kept[key]})" for key in kept.keys() - KNOWN_WRONG.keys()]
    changes += [f"mended: {_named(key)}" for key in KNOWN_WRONG.keys() - kept.keys()]
    return "\n".join(
        [*sorted(changes), f"{len(judged) - len(kept)} of {len(judged)} hold; {len(kept)} are known wrong."]
    )


def _named(key: tuple[str, ...]) -> str:
    seeker, better, worse = key
    return f"{seeker}: {better} > {worse}"


def _as_python(known: Known) -> str:
    """The mapping as ruff would format it, one name a line."""
    entries = [
        "    (\n" + "".join(f'        "{name}",\n' for name in key) + f'    ): "{reason}",\n'
        for key, reason in known.items()
    ]
    return "KNOWN_WRONG: dict[tuple[str, str, str], str] = {\n" + "".join(entries) + "}\n"
