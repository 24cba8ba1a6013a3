"""The Dockerfile keeps step with the Makefile, and hadolint finds nothing in it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.factories import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def _make_variable(name: str) -> str:
    found = re.search(rf"^{name} := (.+)$", MAKEFILE, flags=re.MULTILINE)
    assert found, f"{name} is not set in the Makefile"
    return found.group(1)


def test_hadolint_finds_nothing() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_torch_is_the_same_and_comes_from_the_cpu_index() -> None:
    assert f"ARG TORCH={_make_variable('TORCH')}\n" in DOCKERFILE
    assert f"ARG TORCH_CPU={_make_variable('TORCH_CPU')}\n" in DOCKERFILE


def test_installs_are_those_of_make_setup() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert lock.count("\n# development") == 1, "the Dockerfile installs the lock up to this marker"
    for step in ("--no-deps --require-hashes -r", "--no-deps --no-build-isolation -e ."):
        assert step in MAKEFILE
        assert step in DOCKERFILE


def test_the_container_runs_what_make_data_and_make_run_run() -> None:
    recipe = re.findall(r"\$\(BIN\)/triveni (init|seed|embed|serve)\b", MAKEFILE)
    started = re.findall(r"triveni (init|seed|embed|serve)\b", DOCKERFILE.split('CMD ["sh"')[1])
    assert started == recipe


def test_everything_the_service_reads_is_copied() -> None:
    for folder in ("app", "matching", "migrations", "seeds"):
        assert f"COPY {folder} {folder}\n" in DOCKERFILE


def test_it_runs_as_an_ordinary_user_and_reports_its_health() -> None:
    user = re.search(r"^USER (\d+)", DOCKERFILE, flags=re.MULTILINE)
    assert user
    assert int(user.group(1)) >= 10_000
    assert "HEALTHCHECK" in DOCKERFILE
