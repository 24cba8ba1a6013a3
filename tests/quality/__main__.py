"""``make quality``: every dev set with every ranker, as a Markdown table; ``--write`` puts it into README."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.progress import Progress

from app.evaluations import RANKERS, evaluate_folder
from app.settings import Settings
from tests.factories import ROOT, SHARED

SHOWN = {
    "ventures": ("hits@1", "hits@10", "mrr@10"),
    "ventures-extra": ("hits@1", "hits@10", "mrr@10"),
    "sbir": ("ndcg@10", "recall@10", "mrr@10"),
    "industry": ("p@10", "ndcg@10", "mrr@10"),
    "cranfield": ("ndcg@10", "recall@10", "mrr@10"),
    "fr-en-law": ("hits@1", "hits@10", "mrr@10"),
}
MARK = "<!-- quality -->"


def table(bar: Progress) -> str:
    """The table of all dev sets, best figure of each row in bold."""
    lines = ["| set | metric | " + " | ".join(RANKERS) + " |", "|---|---|" + "---|" * len(RANKERS)]
    for name, metrics in SHOWN.items():
        report = evaluate_folder(Settings(), SHARED / "data" / "eval" / name, "dev", RANKERS, bar)
        for metric in metrics:
            figures = [report["rankers"][ranker][metric] for ranker in RANKERS]
            cells = [f"**{f:.3f}**" if f == max(figures) else f"{f:.3f}" for f in figures]
            lines.append(f"| {name} ({report['queries']} queries) | {metric} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Print the table; with --write replace the one in README."""
    if not SHARED.is_dir():
        sys.exit(f"{SHARED} is not on this machine: the evaluation sets are never committed")
    with Progress(console=Console(stderr=True), transient=True) as bar:
        made = table(bar)
    print(made)  # noqa: T201
    if "--write" in sys.argv:
        readme = ROOT / "README.md"
        before, _, after = readme.read_text(encoding="utf-8").split(MARK)
        readme.write_text(f"{before}{MARK}\n{made}\n{MARK}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
