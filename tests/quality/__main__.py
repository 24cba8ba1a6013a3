"""``make quality``: every dev set with every ranker, what of it is noise, and whether it is worse than last recorded.

python -m tests.quality               score, print the table, write var/quality/; exit 1 when worse than recorded
python -m tests.quality --all         also fr-en-law when its 5,400 texts are not embedded yet (some ten minutes)
python -m tests.quality --write       put the table into README
python -m tests.quality --record      accept today's figures: renew tests/quality/recorded.json
python -m tests.quality --judgements  only the judgements: renew KNOWN_WRONG in tests/quality/test_judgements.py
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from app.evaluations import Embedder
from app.knowledge import Knowledge, load_knowledge
from app.settings import Settings
from matching.ranking import WEIGHTS
from tests.factories import ROOT, SHARED
from tests.quality import known_wrong
from tests.quality.judgements import as_set, judge, read_judgements, seed_play
from tests.quality.recorded import RECORDED, Watched, compare, read_recorded, record
from tests.quality.report import Findings, as_json, markdown, table
from tests.quality.sets import EVAL, KINDS, Scored, score

MARK = "<!-- quality -->"
REPORTS = ROOT / "var" / "quality"


def main() -> int:
    """Measure, write the reports, print the table, and answer 1 when ``full`` is worse than recorded."""
    asked = _asked()
    knowledge = load_knowledge(Settings())
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        embed = Embedder(knowledge.encoder, bar)
        if asked.judgements:
            _say(known_wrong.renew(seed_play(knowledge, embed)))
            return 0
        if not SHARED.is_dir():
            sys.exit(f"{SHARED} is not on this machine: the evaluation sets are never committed")
        found = find(knowledge, embed, also_slow=asked.all)
    _write_reports(found)
    _tell(found)
    if asked.write:
        _write_into_readme(found)
    if asked.record:
        record(_watched([*found.scored, found.judgements]), found.versions)
        _say(f"Recorded in {RECORDED.relative_to(ROOT)}.")
        return 0
    return 1 if any(change.worse for change in found.changes) else 0


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.quality", description="How good the ranking is")
    parser.add_argument("--all", action="store_true", help="also the slow set, embedding what it needs")
    parser.add_argument("--write", action="store_true", help="put the table into README")
    parser.add_argument("--record", action="store_true", help="accept today's figures as those to compare with")
    parser.add_argument("--judgements", action="store_true", help="only renew KNOWN_WRONG of test_judgements.py")
    return parser.parse_args()


def find(knowledge: Knowledge, embed: Embedder, *, also_slow: bool) -> Findings:
    """Score all sets and the judgements, and compare with what was recorded."""
    scored = {kind.name: score(kind, EVAL / kind.name, knowledge, embed, also_slow=also_slow) for kind in KINDS}
    play, rows = seed_play(knowledge, embed), read_judgements()
    judgements = as_set(play, rows)
    measured = [one for one in scored.values() if one is not None]
    return Findings(
        versions={"encoder": knowledge.encoder.id, "weights": _short_hash(WEIGHTS)},
        scored=measured,
        skipped=[name for name, one in scored.items() if one is None],
        judgements=judgements,
        judged=judge(play, WEIGHTS, rows),
        changes=compare(_watched([*measured, judgements]), read_recorded()),
    )


def _watched(scored: list[Scored]) -> Watched:
    return {
        one.kind.name: (one.ids, {metric: one.rankers["full"][metric] for metric in one.kind.watched}) for one in scored
    }


def _short_hash(weights: dict[str, float]) -> str:
    return hashlib.sha256(json.dumps(weights, sort_keys=True).encode()).hexdigest()[:12]


def _write_reports(found: Findings) -> None:
    REPORTS.mkdir(parents=True, exist_ok=True)
    (REPORTS / "report.md").write_text(markdown(found), encoding="utf-8")
    (REPORTS / "latest.json").write_text(json.dumps(as_json(found), indent=1) + "\n", encoding="utf-8")


def _tell(found: Findings) -> None:
    _say(table(found.scored))
    held = sum(one.holds for one in found.judged)
    _say(f"\nJudgements: {held} of {len(found.judged)} hold ({held / len(found.judged):.1%}).")
    for name in found.skipped:
        _say(f"{name} was not scored: its texts are not embedded yet; --all embeds them.")
    for change in found.changes:
        if change.worse or (change.difference is None):
            _say(f"{'WORSE THAN RECORDED: ' if change.worse else ''}{change}")
    if not found.changes:
        _say("Nothing is recorded yet to compare with: --record accepts these figures.")
    _say(f"The whole report: {(REPORTS / 'report.md').relative_to(ROOT)}")


def _write_into_readme(found: Findings) -> None:
    if found.skipped:
        sys.exit(f"README was left alone: {', '.join(found.skipped)} was not scored; say --all with --write")
    readme = ROOT / "README.md"
    before, _, after = readme.read_text(encoding="utf-8").split(MARK)
    readme.write_text(f"{before}{MARK}\n{table(found.scored)}\n{MARK}{after}", encoding="utf-8")


def _say(line: str) -> None:
    print(line)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
