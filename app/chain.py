"""The audit chain as such (pure): what an event is, how its hash binds the one before, and what is wrong with a chain.

The hash of an event is SHA-256 over its canonical JSON (RFC 8785), which holds its number and the hash of the event
before. An event that is edited, taken out, put elsewhere or added later therefore breaks the chain where it happened.
A chain whose tail was cut is still a chain: that is seen against its head, and when the stored head was set back as
well, against an anchor, which is a head that was kept elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import rfc8785
from pydantic import Field, StringConstraints, ValidationError

from app.errors import Invalid
from matching.profile import Frozen

GENESIS = "0" * 64
"""What the first event follows."""

Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Detail = str | int | bool | None


class Event(Frozen):
    """One event of the audit log: who did what to what and when, and its place in the chain."""

    seq: Annotated[int, Field(ge=1, le=2**53 - 1)]
    at: str
    """UTC, to the microsecond."""
    by: str
    action: str
    subject: str
    details: dict[str, Detail]
    previous: Hash
    hash: Hash


CONTENT = tuple(name for name in Event.model_fields if name != "hash")
"""What the hash of an event is of."""


class Head(Frozen):
    """The last event of a chain by number and hash. Kept elsewhere it is an anchor."""

    seq: Annotated[int, Field(ge=0, le=2**53 - 1)] = 0
    hash: Hash = GENESIS


Wrong = Literal["edited", "missing", "out of order", "truncated", "rewritten", "added"]


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing wrong with a chain: at which event, of what kind, and in a sentence."""

    seq: int
    wrong: Wrong
    says: str


def digest(event: Event, seq: int | None = None) -> str:
    """The hash that the event's content should have; with ``seq``, had it stood at that number.

    Content that no event can have, such as a number beyond RFC 8785, has no hash: an empty string.
    """
    content = {name: getattr(event, name) for name in CONTENT}
    if seq is not None:
        content["seq"] = seq
    try:
        return hashlib.sha256(rfc8785.dumps(content)).hexdigest()
    except (rfc8785.CanonicalizationError, RecursionError):
        return ""


def first_fault(events: Sequence[Event], head: Head | None, anchors: Iterable[Head] = ()) -> Fault | None:
    """The first fault of a chain against its head and anchors; None when it holds.

    ``head`` is None where none is stored, which is right only of an empty chain.
    """
    last = Head()
    for event in events:
        if event.seq != last.seq + 1 or event.previous != last.hash or event.hash != digest(event):
            return _told(event, last, events)
        last = Head(seq=event.seq, hash=event.hash)
    return _against_head(last, head or Head()) or _against_anchors(events, last, anchors)


def _told(event: Event, last: Head, events: Sequence[Event]) -> Fault:
    """What is wrong with the first event that does not follow."""
    expected = last.seq + 1
    if event.seq != expected:
        if event.seq < expected or any(other.seq == expected for other in events):
            says = f"event {event.seq} stands where event {expected} was expected: the order was changed"
            return Fault(event.seq, "out of order", says)
        return Fault(expected, "missing", f"event {expected} is missing: after {last.seq} comes {event.seq}")
    hashes = {other.hash for other in events}
    if event.hash == digest(event):  # whole in itself, so another stood before it
        if event.previous in hashes:
            says = f"event {event.seq} was written after another event than {last.seq}: the order was changed"
            return Fault(event.seq, "out of order", says)
        says = f"event {event.seq} was written after an event that is not there"
        return Fault(event.seq, "missing", says)
    if any(event.hash == digest(event, other.seq) for other in events):
        return Fault(event.seq, "out of order", f"event {event.seq} was written under another number")
    return Fault(event.seq, "edited", f"event {event.seq} is not as it was written: its content does not give its hash")


def _against_head(last: Head, head: Head) -> Fault | None:
    if head.seq > last.seq:
        says = f"events {last.seq + 1} to {head.seq} are missing: the chain ends before its head"
        return Fault(last.seq + 1, "truncated", says)
    if head.seq < last.seq:
        says = f"the stored head is event {head.seq}, and the chain goes on to {last.seq}: events were added past it"
        return Fault(head.seq + 1, "added", says)
    if head.hash != last.hash:
        return Fault(last.seq, "rewritten", f"event {last.seq} is not the one that the stored head names")
    return None


def _against_anchors(events: Sequence[Event], last: Head, anchors: Iterable[Head]) -> Fault | None:
    for anchor in sorted(anchors, key=lambda anchor: anchor.seq):
        if anchor.seq > last.seq:
            says = f"the chain ends at event {last.seq}, and event {anchor.seq} was anchored: its tail was cut off"
            return Fault(last.seq + 1, "truncated", says)
        if anchor.seq and events[anchor.seq - 1].hash != anchor.hash:
            says = f"event {anchor.seq} is another than the one anchored: the log was written anew up to there"
            return Fault(anchor.seq, "rewritten", says)
    return None


# --- Exports ----------------------------------------------------------------------------------------


def written(events: Iterable[Event], head: Head) -> Iterator[str]:
    """A chain as JSON lines: an event a line, and the head as the last one."""
    for event in events:
        yield rfc8785.dumps(event.model_dump()).decode() + "\n"
    yield rfc8785.dumps({"head": head.model_dump()}).decode() + "\n"


def read(text: str) -> tuple[list[Event], Head | None]:
    """The events and the head of an export; no head where its last line is gone. Raises Invalid with the line."""
    events: list[Event] = []
    head: Head | None = None
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        if head is not None:
            raise Invalid(f"line {number}: the head is the last line of an export, and something follows it")
        try:
            document = json.loads(line)
            if isinstance(document, dict) and set(document) == {"head"}:
                head = Head.model_validate(document["head"])
            else:
                events.append(Event.model_validate(document))
        except (ValueError, RecursionError) as problem:
            what = problem.errors()[0]["msg"] if isinstance(problem, ValidationError) else str(problem)
            raise Invalid(f"line {number}: this is no event of an audit log: {what}") from problem
    return events, head
