"""What can go wrong, as the caller is told it: AppError and its children, and their problem document.

AppError
├── Invalid    422  the request cannot be understood as asked
├── Unauthorised 401  no key, or a key that is not live
├── Forbidden  403
├── NotFound   404
├── NotAllowed 405
├── Conflict   409
├── Stale      412  the record is another than the one that was read
├── TooLarge   413
├── Unconditional 428  a record is replaced only if it is the one that was read
├── NoSpace    507  the disk is full
└── NotReady   503  something that is needed is not set up yet
"""

from __future__ import annotations

import sys
from typing import Any, ClassVar


class AppError(Exception):
    """A failure with an HTTP status and a stable code; ``hint`` says how to mend it."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    kept: ClassVar[bool] = False
    """Is what was written before it was raised kept all the same? Only of a refusal that is itself an event."""

    def __init__(self, message: str, *, hint: str | None = None, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details

    def problem(self, instance: str | None = None) -> dict[str, Any]:
        """The RFC 9457 problem document."""
        document = {
            "type": f"urn:triveni:problem:{self.code}",
            "title": self.code.replace("-", " ").capitalize(),
            "status": self.status,
            "detail": self.message,
        }
        if self.hint:
            document["hint"] = self.hint
        if instance:
            document["instance"] = instance
        return document | self.details


class Invalid(AppError):
    """What was asked makes no sense; the message says what was found and what was expected."""

    status = 422
    code = "invalid"


class Unauthorised(AppError):
    """No API key was given, or it is unknown, expired or revoked."""

    status = 401
    code = "unauthorised"


class Forbidden(AppError):
    """The key is good but may not do this."""

    status = 403
    code = "forbidden"


class NotFound(AppError):
    """Nothing of that name that the caller may see."""

    status = 404
    code = "not-found"


class NotAllowed(AppError):
    """The address is there and does not take that method."""

    status = 405
    code = "not-allowed"


class Conflict(AppError):
    """The state of the thing does not allow it."""

    status = 409
    code = "conflict"


class Stale(AppError):
    """The record has changed since the caller read it; nothing was written."""

    status = 412
    code = "stale"


class Unconditional(AppError):
    """A record is only replaced on the condition that it is still the one that was read."""

    status = 428
    code = "condition-needed"


class TooLarge(AppError):
    """More was sent than is taken; the message says the limit."""

    status = 413
    code = "too-large"


class NotReady(AppError):
    """Something needed is not set up yet; the hint is the command that sets it up."""

    status = 503
    code = "not-ready"


class NoSpace(AppError):
    """The disk is full: nothing of the request was kept, and it can be sent again once there is space."""

    status = 507
    code = "no-space"


def in_plain_words(problem: Exception) -> AppError | None:
    """A failure of what the service stands on, as the operator can mend it; None for a fault of our own.

    The libraries are looked up, not imported: one that is not loaded has raised nothing, and ``--help`` stays quick.
    """
    if _is(problem, "pydantic", "ValidationError") and getattr(problem, "title", "") == "Settings":
        faults = [f"TRIVENI_{str(f['loc'][0]).upper()}: {f['msg']}" for f in problem.errors()]  # type: ignore[attr-defined]
        return Invalid("; ".join(faults), hint="correct the variable in the environment; README lists all settings")
    if _is(problem, "matching.weights", "EncoderError"):
        return NotReady(str(problem), hint="`triveni doctor` says what is set up and how to get what is missing")
    if isinstance(problem, ModuleNotFoundError) and (problem.name or "").startswith("psycopg"):
        return NotReady("the driver of PostgreSQL is not installed", hint="pip install 'triveni[postgres]'")
    if _is(problem, "sqlalchemy.exc", "ArgumentError"):
        return NotReady(f"the database cannot be opened: {problem}", hint="check TRIVENI_DATABASE_URL")
    damaged = _is(problem, "sqlalchemy.exc", "DatabaseError") and "malformed" in str(problem)
    if damaged or _is(problem, "sqlalchemy.exc", "OperationalError"):
        return _database_trouble(getattr(problem, "orig", None) or problem)
    return None


def _database_trouble(cause: Exception) -> AppError:
    if "malformed" in str(cause):
        hint = "`triveni verify` says what is damaged; `triveni restore FILE --replace` brings a backup back"
        return NotReady("the database is damaged", hint=hint)
    if "full" in str(cause) or "No space left" in str(cause):
        return NoSpace("the disk is full, and nothing of this was kept", hint="make space, and send it again")
    if "readonly" in str(cause):
        return NotReady("the database can only be read, and nothing of this was kept", hint="check its file's rights")
    if "locked" in str(cause):
        return NotReady("the database is busy with other writers", hint="ask again in a moment")
    return NotReady(
        f"the database does not answer as expected: {cause}",
        hint="run `triveni init`; if that does not help, check TRIVENI_DATABASE_URL",
    )


def _is(problem: Exception, module: str, name: str) -> bool:
    return module in sys.modules and isinstance(problem, getattr(sys.modules[module], name))
