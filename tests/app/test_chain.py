"""Whatever is done to a chain of events afterwards is seen, and the first bad event is named."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from app.chain import GENESIS, Event, Head, digest, first_fault, read, written
from app.errors import Invalid

LENGTH = 24


def sealed(event: Event) -> Event:
    return event.model_copy(update={"hash": digest(event)})


def chained(count: int = LENGTH) -> list[Event]:
    events: list[Event] = []
    for seq in range(1, count + 1):
        events.append(
            sealed(
                Event(
                    seq=seq,
                    at=f"2026-11-24T09:{seq % 60:02}:00.000000+00:00",
                    by=f"officer-{seq % 3}",
                    action="match.decided",
                    subject=f"run:{seq % 5}",
                    details={"rank": seq, "outcome": "met", "reason": None},
                    previous=events[-1].hash if events else GENESIS,
                    hash=GENESIS,
                )
            )
        )
    return events


def head(events: list[Event]) -> Head:
    return Head(seq=events[-1].seq, hash=events[-1].hash) if events else Head()


def renumbered(events: list[Event]) -> list[Event]:
    return [event.model_copy(update={"seq": seq}) for seq, event in enumerate(events, start=1)]


def written_anew(events: list[Event]) -> list[Event]:
    """What someone with the code and the whole database would do: every link made good again."""
    made: list[Event] = []
    for event in renumbered(events):
        made.append(sealed(event.model_copy(update={"previous": made[-1].hash if made else GENESIS})))
    return made


def edit(events: list[Event], rng: random.Random, last: int = 7) -> list[Event]:
    place = rng.randrange(len(events))
    field = ("at", "by", "action", "subject", "details", "previous", "hash")[rng.randrange(last)]
    value: Any = getattr(events[place], field)
    if field == "details":
        value = value | {rng.choice(["rank", "outcome", "new"]): rng.randrange(100, 10**6)}
    elif field in ("previous", "hash"):
        value = rng.randbytes(32).hex()
    else:
        value += rng.choice("abcxyz")
    return [*events[:place], events[place].model_copy(update={field: value}), *events[place + 1 :]]


def edit_and_reseal(events: list[Event], rng: random.Random) -> list[Event]:
    changed = edit(events, rng, last=6)
    return [sealed(event) if event != before else before for event, before in zip(changed, events, strict=True)]


def delete(events: list[Event], rng: random.Random) -> list[Event]:
    place = rng.randrange(len(events))
    count = rng.randint(1, 3)
    return events[:place] + events[place + count :]


def delete_and_renumber(events: list[Event], rng: random.Random) -> list[Event]:
    return renumbered(delete(events, rng))


def swap(events: list[Event], rng: random.Random) -> list[Event]:
    moved = list(events)
    a, b = rng.sample(range(len(moved)), 2)
    moved[a], moved[b] = moved[b], moved[a]
    return moved


def swap_and_renumber(events: list[Event], rng: random.Random) -> list[Event]:
    return renumbered(swap(events, rng))


def move(events: list[Event], rng: random.Random) -> list[Event]:
    a, b = rng.sample(range(len(events)), 2)
    moved = [*events[:a], *events[a + 1 :]]
    moved.insert(b, events[a])
    return rng.choice([moved, renumbered(moved)])


def double(events: list[Event], rng: random.Random) -> list[Event]:
    place = rng.randrange(len(events))
    return rng.choice([list, renumbered])([*events[:place], events[place], *events[place:]])


def forge(events: list[Event], rng: random.Random) -> list[Event]:
    """One event more at the end, well made, past the stored head."""
    last = events[-1]
    return [*events, sealed(last.model_copy(update={"seq": last.seq + 1, "previous": last.hash}))]


TAMPERINGS = (
    edit,
    edit_and_reseal,
    delete,
    delete_and_renumber,
    swap,
    swap_and_renumber,
    move,
    double,
    forge,
)


def test_a_chain_that_nobody_touched_holds() -> None:
    assert first_fault([], None) is None
    events = chained()
    assert first_fault(events, head(events), [Head(), head(events[:7]), head(events)]) is None


def test_a_thousand_random_edits_deletions_and_reorderings_are_all_detected() -> None:
    rng = random.Random(8)
    events = chained()
    seen: Counter[str] = Counter()
    for number in range(1_000):
        tampered = TAMPERINGS[number % len(TAMPERINGS)](events, rng)
        assert tampered != events
        fault = first_fault(tampered, head(events))
        assert fault is not None, (number, tampered)
        first_touched = next(
            (at for at, (was, now) in enumerate(zip(events, tampered, strict=False), start=1) if was != now),
            min(len(events), len(tampered)) + 1,
        )
        # a link made good again is missed by the event after it
        assert first_touched <= fault.seq <= first_touched + 1 or fault.wrong == "out of order", (number, fault)
        seen[fault.wrong] += 1
    assert set(seen) == {"edited", "missing", "out of order", "truncated", "rewritten", "added"}


def test_a_log_cut_or_written_anew_with_its_head_is_seen_against_an_anchor() -> None:
    rng = random.Random(9)
    events = chained()
    for _ in range(200):
        anchor = head(events[: rng.randint(1, LENGTH)])
        if rng.random() < 0.5:
            tampered = events[: rng.randrange(anchor.seq)]
        else:
            place = rng.randrange(anchor.seq)
            changed = events[place].model_copy(update={"by": "nobody"})
            tampered = written_anew([*events[:place], changed, *events[place + 1 :]])
        assert first_fault(tampered, head(tampered)) is None, "without the anchor there is nothing to see"
        fault = first_fault(tampered, head(tampered), [head(events[:1][:0]), anchor])
        assert fault is not None
        assert fault.wrong in ("truncated", "rewritten")


@pytest.mark.parametrize(
    ("tampered", "wrong", "seq"),
    [
        (lambda e: [*e[:4], e[4].model_copy(update={"by": "x"}), *e[5:]], "edited", 5),
        (lambda e: [*e[:4], *e[5:]], "missing", 5),
        (lambda e: renumbered([*e[:4], *e[5:]]), "out of order", 5),
        (lambda e: renumbered([*e[:4], e[5], e[4], *e[6:]]), "out of order", 5),
        (lambda e: [*e[:4], e[5], e[4], *e[6:]], "out of order", 6),
        (lambda e: e[:-2], "truncated", LENGTH - 1),
        (lambda e: [], "truncated", 1),
        (lambda e: [*e[:-1], sealed(e[-1].model_copy(update={"by": "x"}))], "rewritten", LENGTH),
        (lambda e: [*e[:4], sealed(e[4].model_copy(update={"previous": "1" * 64})), *e[5:]], "missing", 5),
        (lambda e: [*e[:4], e[4].model_copy(update={"details": {"rank": 10**20}}), *e[5:]], "edited", 5),
    ],
)  # fmt: skip
def test_the_fault_names_the_first_bad_event_and_what_is_wrong(tampered, wrong, seq) -> None:
    events = chained()
    fault = first_fault(tampered(events), head(events))
    assert fault is not None
    assert (fault.wrong, fault.seq) == (wrong, seq)
    assert str(fault.seq) in fault.says


def test_events_without_a_stored_head_are_no_whole_log() -> None:
    fault = first_fault(chained(), None)
    assert fault is not None
    assert fault.wrong == "added"


def test_an_export_is_read_back_as_it_was_written() -> None:
    events = chained()
    assert read("".join(written(events, head(events)))) == (events, head(events))
    assert read("".join(written([], Head()))) == ([], Head())


def test_the_order_of_keys_in_an_export_does_not_matter_and_its_content_does() -> None:
    lines = "".join(written(chained(3), head(chained(3)))).splitlines()
    events, held = read("\n".join(lines[:-1]))
    assert held is None
    fault = first_fault(events, held)
    assert fault
    assert fault.wrong == "added"
    events, held = read("\n".join([lines[0], lines[1].replace('"met"', '"agreement"'), *lines[2:]]))
    fault = first_fault(events, held)
    assert fault
    assert (fault.wrong, fault.seq) == ("edited", 2)


@pytest.mark.parametrize("bad", ["{", "[]", "1", '{"seq": 1}', '{"head": {"seq": -1}}', "[" * 100_000])
def test_what_is_no_export_is_told_with_its_line(bad: str) -> None:
    with pytest.raises(Invalid, match="line 2"):
        read(f"\n{bad}\n")
    with pytest.raises(Invalid, match="something follows"):
        read("".join(written([], Head())) * 2)
