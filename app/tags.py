"""Entity tags: the version of a record as one reader has it, and the condition on which it is replaced (pure)."""

from __future__ import annotations

import hashlib
from typing import Any

from pydantic import TypeAdapter

from app.errors import Stale, Unconditional

_ANY: TypeAdapter[Any] = TypeAdapter(Any)


def tag_of(record: Any) -> str:
    """The strong tag of a record: the hash of what the reader is given, so that it tells of nothing else."""
    return f'"{hashlib.sha256(_ANY.dump_json(record, by_alias=True)).hexdigest()[:32]}"'


def matches(tag: str, header: str) -> bool:
    """Whether an If-Match or If-None-Match header names the tag; ``*`` names any."""
    return header.strip() == "*" or tag in {part.strip().removeprefix("W/") for part in header.split(",")}


def require_match(tag: str, if_match: str | None) -> None:
    """Raise Unconditional without a condition, and Stale when the record is another than the one that was read."""
    if if_match is None:
        raise Unconditional(
            "this replaces a record, and needs the tag of the one that you have read",
            hint="send the ETag of your last GET as If-Match",
        )
    if not matches(tag, if_match):
        raise Stale("the record has changed since you read it", hint="read it again, and make your change to that")
