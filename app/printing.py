"""Answers for people at a terminal: matches with their reasons, legs and citations; evaluation tables."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from matching.counterfactuals import Counterfactual

VERDICT_STYLES = {
    "open": "green",
    "general": "green",
    "permit": "yellow",
    "undetermined": "magenta",
    "exceptional": "red",
    "prohibited": "bold red",
}
VERDICT_WORDS = {
    "open": "no requirement found in the rules held",
    "general": "a general authorisation is named",
    "permit": "individual permits are named",
    "undetermined": "facts are missing; see the questions",
    "exceptional": "barred unless a cited exception is documented",
    "prohibited": "a rule held prohibits it",
}
BAR = 20


def print_json(value: Any) -> None:
    """The value as indented JSON, in UTF-8 whatever the terminal's own encoding."""
    import orjson

    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n")
    sys.stdout.flush()


def print_answer(console: Console, answer: dict[str, Any]) -> None:
    """A run: its matches, what was excluded, and the notes that go with it."""
    for match in answer["matches"]:
        _print_match(console, match)
    if not answer["matches"]:
        console.print("No triad is left to list.")
    for exclusion in answer["excluded"]:
        console.print(
            f"[red]Excluded:[/red] {exclusion['pairs']} pairs for {escape(exclusion['market']['name'])} by "
            f"{escape(', '.join(exclusion['rules']))}: {escape(exclusion['because'])}"
        )
    run = answer["run"]
    pool = run["pool"]
    console.print(
        f"\n{pool['triads']:,} triads weighed: {pool['innovators']} innovators, {pool['manufacturers']} manufacturers, "
        f"{pool['markets']} markets. Run {run['id']}."
    )
    shares = ", ".join(f"{side} {share:.2f}" for side, share in run["exposure"].items())
    console.print(f"Attention among the firms listed (Gini, 0 is even): {shares}.")
    for note in run["notes"]:
        console.print(f"  · {escape(note)}", style="dim")


def _print_match(console: Console, match: dict[str, Any]) -> None:
    console.rule(align="left", style="dim")
    console.print(
        f"[bold]{match['rank']}. {escape(match['innovator']['name'])}  ×  {escape(match['manufacturer']['name'])}  →  "
        f"{escape(match['market']['name'])}[/bold]   fit {match['fit']:.3f}, coverage {match['coverage']:.0%}"
    )
    if match["runner_up"]:
        next_best = match["runner_up"]
        console.print(f"   next best market, fit {next_best['fit']:.3f}: {escape(next_best['because'])}")
    console.print(f"   {match['mode']}: {escape(match['mode_because'])}")
    for signal in match["signals"]:
        bar = "█" * round(BAR * signal["value"])
        console.print(
            f"   [cyan]{bar:<{BAR}}[/cyan] {signal['value']:.2f} × {signal['weight']:g}  {escape(signal['sentence'])}"
        )
    if match["unknown"]:
        console.print(f"   unknown, left out: {', '.join(match['unknown'])}", style="dim")
    print_pathway(console, match["pathway"])
    for party in match["screening"]:
        console.print(f"   screening: {party['party']}: {party['result']} ({party['because']})", markup=False)
    for old in dict.fromkeys(old for party in match["screening"] for old in party["stale"]):
        console.print(f"     stale: {old} is older than agreed", style="yellow", markup=False)
    for gap in match["certificates"]:
        held = "; ".join(gap["on_record"]) or "none on record"
        console.print(f"   certificate {gap['code']}: {held} ({gap['asked_because']}; {gap['note']})", markup=False)
    if match["terms"]:
        told = "; ".join(f"{term['term']} ({term['because']})" for term in match["terms"])
        console.print(f"   see the glossary: {told}", style="dim", markup=False)
    for supposition in match["suppositions"]:
        verdict = supposition["verdict"]
        console.print(
            f"   supposing {escape(supposition['supposing'])}: "
            f"[{VERDICT_STYLES[verdict]}]{verdict}[/{VERDICT_STYLES[verdict]}] (a supposition, not a classification"
            + (
                f"; words that met: {escape(', '.join(supposition['words_that_met']))})"
                if supposition["words_that_met"]
                else ")"
            )
        )
        _print_legs(console, supposition["legs"])


def print_design_out(console: Console, found: list[dict[str, Any]]) -> None:
    """Which component, replaced, would shorten the pathway, the most first."""
    for each in found:
        console.print(
            f"   design out: replacing “{each['component']}” by one of other origin: "
            f"verdict {each['verdict_before']} → {each['verdict_after']}, "
            f"requirements {each['requirements_before']} → {each['requirements_after']}"
            + (f"; falls away: {', '.join(each['falls_away'])}" if each["falls_away"] else ""),
            markup=False,
        )


def print_pathway(console: Console, pathway: dict[str, Any]) -> None:
    """A verdict, the legs with what bites on them, and the questions that would settle it."""
    verdict = pathway["verdict"]
    console.print(
        f"   pathway: [{VERDICT_STYLES[verdict]}]{verdict}[/{VERDICT_STYLES[verdict]}] ({VERDICT_WORDS[verdict]})"
    )
    _print_legs(console, pathway["legs"])
    for question in pathway["questions"]:
        console.print(f"     ? {question}", style="dim", markup=False)
    for old in pathway["stale"]:
        console.print(f"     stale: {old}", style="yellow", markup=False)


def _print_legs(console: Console, legs: list[dict[str, Any]]) -> None:
    for leg in legs:
        console.print(f"     {leg['from']} → {leg['to']}" + ("" if leg["requirements"] else ": nothing determined"))
        for requirement in leg["requirements"]:
            console.print(
                f"       {requirement['rule']} {requirement['outcome']}: {requirement['permit'] or 'see the citation'} "
                f"[{requirement['authority']}; {requirement['citation']}; as of {requirement['as_of']}]",
                markup=False,
            )
            console.print(
                f"         because {requirement['because']}; {requirement['url'] or ''}", style="dim", markup=False
            )


def print_what_if(console: Console, found: Sequence[Counterfactual]) -> None:
    """Single changes, each with what it would do to place, fit and verdict."""
    if not found:
        console.print("No single change tried would lift this match or better its verdict.")
    for one in found:
        console.print(
            f"If {one.change}: place {one.place_before} → {one.place_after}, fit {one.fit_before:.3f} → "
            f"{one.fit_after:.3f}, verdict {one.verdict_before} → {one.verdict_after}, "
            f"requirements {one.requirements_before} → {one.requirements_after}",
            markup=False,
        )


def print_evaluation(console: Console, name: str, report: dict[str, Any]) -> None:
    """One table: a row for each ranker, a column for each metric."""
    table = Table(title=f"{name}: {report['queries']} queries")
    table.add_column("ranker")
    metrics = list(next(iter(report["rankers"].values())))
    for metric in metrics:
        table.add_column(metric, justify="right")
    for ranker, figures in report["rankers"].items():
        table.add_row(ranker, *(f"{figures[metric]:.3f}" for metric in metrics))
    console.print(table)
