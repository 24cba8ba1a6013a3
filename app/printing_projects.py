"""Consortia for people at a terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape

from app.printing import BAR, VERDICT_STYLES


def print_consortium(console: Console, answer: dict[str, Any]) -> None:
    """A team seat by seat, the ways of its work, the weakest of them, quotas, other teams, and the notes."""
    console.rule(f"{escape(answer['template']['title'])}  →  {escape(answer['market']['name'])}", style="dim")
    if not answer["found"]:
        console.print(f"[bold red]No consortium.[/bold red] {escape(answer['because'])}")
    for seat in answer["seats"]:
        _print_seat(console, seat)
    for rule in answer["forbidden_by"]:
        console.print(
            f"[red]Forbidden by {escape(rule['rule'])}[/red] on {rule['leg']} ({rule['firms']} firms, "
            f"{len(rule['roles'])} seats): {escape(rule['because'])} [{escape(rule['authority'])}; "
            f"{escape(rule['citation'])}; as of {rule['as_of']}]",
            soft_wrap=True,
        )
    if answer["found"]:
        _print_ways(console, answer)
    for note in answer["notes"]:
        console.print(f"  · {escape(note)}", style="dim")
    console.print(f"Composition {answer['run']['id']}.")


def _print_seat(console: Console, seat: dict[str, Any]) -> None:
    optional = " (optional)" if seat["optional"] else ""
    if seat["firm"] is None:
        console.print(f"\n[bold]{escape(seat['title'])}[/bold]{optional}: [yellow]empty[/yellow]")
        console.print(f"   {escape(seat['empty_because'])}")
        console.print(f"   It would be filled by: {escape(seat['would_fill'])}")
        for near in seat["nearest"]:
            console.print(f"   near: {escape(near['firm']['name'])} {escape('; '.join(near['lacks']))}", style="dim")
        return
    firm = seat["firm"]
    console.print(
        f"\n[bold]{escape(seat['title'])}[/bold]{optional}: [bold]{escape(firm['name'])}[/bold] ({firm['country']})   "
        f"fit {seat['fit']:.3f}, coverage {seat['coverage']:.0%}, {seat['share_pct']:g} % of the value (estimate)"
    )
    console.print(f"   {escape(seat['reason'])}")
    for signal in seat["signals"]:
        bar = "█" * round(BAR * signal["value"])
        console.print(
            f"   [cyan]{bar:<{BAR}}[/cyan] {signal['value']:.2f} × {signal['weight']:g}  {escape(signal['sentence'])}"
        )
    for question in seat["questions"]:
        console.print(f"   ? {question}", style="dim", markup=False)
    for swap in seat["alternatives"]:
        moves = f"; then {'; '.join(swap['moves'])}" if swap["moves"] else ""
        most = "" if swap["proven"] else "at most "
        console.print(
            f"   or {swap['firm']['name']} ({swap['firm']['country']}), fit {swap['fit']:.3f}, {swap['verdict']}: "
            f"costs the team {most}{swap['price']:.3f}{moves}",
            markup=False,
        )


def _print_ways(console: Console, answer: dict[str, Any]) -> None:
    console.print("\n[bold]Ways to the market[/bold]")
    for leg in answer["legs"]:
        way = " → ".join(leg["route"]) if len(leg["route"]) > 1 else f"{leg['route'][0]}, no border crossed"
        supposed = ", ".join(s["verdict"] for s in leg["suppositions"])
        console.print(
            f"   {escape(leg['role'])} to {escape(leg['to'])} ({escape(leg['firm']['name'])}): {way}  "
            f"[{VERDICT_STYLES[leg['verdict']]}]{leg['verdict']}[/{VERDICT_STYLES[leg['verdict']]}]"
            + (f" (were it classified as its sector suggests: {supposed})" if supposed else "")
        )
        for crossing in leg["pathway"]["legs"] if leg["pathway"] else ():
            for bite in crossing["requirements"]:
                console.print(
                    f"     {crossing['from']} → {crossing['to']}: {bite['rule']} {bite['outcome']} "
                    f"[{bite['authority']}; {bite['citation']}; as of {bite['as_of']}]",
                    style="dim",
                    markup=False,
                )
    weakest = answer["weakest"]
    if weakest:
        console.print(f"[bold]Weakest link:[/bold] {escape(weakest['role'])} ({escape(weakest['firm']['name'])})")
        console.print(f"   {escape(weakest['because'])}")
        for mend in weakest["mend"]:
            console.print(f"   · {escape(mend)}")
        if weakest["swap"]:
            swap = weakest["swap"]
            console.print(
                f"   · Swap for {escape(swap['firm']['name'])}: costs the team {swap['price']:.3f}, {swap['verdict']}"
            )
    for quota in answer["quotas"]:
        asked = "" if quota["share_at_least_pct"] is None else f", {quota['share_at_least_pct']:g} % asked"
        console.print(
            f"{quota['country']}: {quota['firms']} firms ({quota['firms_at_least']} asked); {quota['share_pct']:g} % "
            f"of the filled value{asked}, {quota['share_low_pct']:g} to {quota['share_high_pct']:g} % if all were"
        )
    bound = "not proven" if answer["bound"] is None else f"{answer['bound']:.3f}"
    console.print(f"Objective (sum of fits) {answer['objective']:.3f}, bound {bound}; verdict {answer['verdict']}.")
    for other in answer["alternatives"]:
        named = ", ".join(firm["name"] for firm in other["holders"].values() if firm)
        console.print(f"Another team, {other['objective']:.3f}, {other['verdict']}: {named}", style="dim", markup=False)


def print_chains(console: Console, answer: dict[str, Any]) -> None:
    """Each chain step by step, with states, figures and sources."""
    console.print(f"[bold]{escape(answer['mineral']['name'])}[/bold]: {escape(answer['mineral']['why'])}")
    for number, chain in enumerate(answer["chains"], start=1):
        console.print(
            f"\n[bold]{number}. {chain['model']}[/bold]  {' → '.join(chain['route'])}; {chain['gaps']} gaps, "
            f"{chain['planned']} planned, {chain['inferred']} inferred, {chain['demonstrated']} demonstrated"
        )
        console.print(f"   {escape(chain['because'])}")
        for link in chain["links"]:
            _print_link(console, link)
        if chain["pathway"]:
            console.print(f"   way through the sites: {chain['pathway']['verdict']}")
    for note in answer["notes"]:
        console.print(f"  · {escape(note)}", style="dim")


def _print_link(console: Console, link: dict[str, Any]) -> None:
    if link["firm"] is None:
        console.print(f"   {link['stage']}: {link['form']}: [yellow]nobody on file[/yellow]; {escape(link['missing'])}")
        return
    basis = "" if link["basis"] == "reported" else ", inferred"
    console.print(
        f"   {link['stage']}: {link['form']}: {link['firm']['name']}, {link['site']} ({link['country']}), "
        f"{link['state']}{basis}",
        markup=False,
    )
    for told in link["handling"]["tonnage"]:
        figure = told["capacity"]
        console.print(
            f"      {figure['quantity']:g} {figure['unit']} a {figure['per']}: {figure['what']} ({told['standing']})",
            style="dim",
            markup=False,
        )
    if link["note"]:
        console.print(f"      {link['note']}", style="dim", markup=False)
    for source in link["handling"]["sources"]:
        where = source["url"] or source["what"]
        console.print(f"      {where} ({source['dated'] or 'no date'})", style="dim", markup=False, soft_wrap=True)


def print_gaps(console: Console, report: dict[str, Any]) -> None:
    """Seats that nobody can take, then those of one country only, and what to recruit by country and sector."""
    console.print(f"{report['seats']} seats over all templates.\n[bold]Nobody on file can take[/bold]")
    for seat in report["nobody"]:
        console.print(f"   {seat['project']}: {seat['would_fill']}", markup=False)
    console.print("[bold]What to recruit, by country and sector[/bold]")
    for row in report["by_sector"]:
        console.print(f"   {row['country']} {row['sector']}: {', '.join(row['seats'])}", markup=False)
    for seat in report["closed"]:
        console.print(
            f"   the rules close {seat['project']}: {seat['role']} for {', '.join(seat['closed_markets'])}",
            markup=False,
        )


def print_challenge(console: Console, found: dict[str, Any]) -> None:
    """The best of each side with their reasons, then the pairs that answer more together."""
    for side in ("canadian", "indian"):
        console.print(f"[bold]{side.title()} respondents[/bold]")
        for one in found[side]:
            console.print(f"   {one['firm']['name']}, fit {one['fit']:.3f}", markup=False)
            for signal in one["signals"]:
                console.print(f"      {signal['value']:.2f} × {signal['weight']:g}  {signal['sentence']}", markup=False)
    console.print("[bold]Pairs[/bold]")
    for pair in found["pairs"]:
        console.print(
            f"   {pair['canadian']['name']} × {pair['indian']['name']}: {pair['fit']:.3f}, {pair['gain']:+.3f} above "
            "the better alone",
            markup=False,
        )
