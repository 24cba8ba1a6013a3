"""A real browser on the real pages: Debian's chromium over the service in this process, with its axe and its eyes."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

CHROMIUM = os.environ.get("TRIVENI_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The application on a free port of this machine; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    assert server.started, "the service did not start"
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)


@dataclass
class Visit:
    """A person at a browser: where the service is, the page that is open, and every address that was asked for."""

    base: str
    page: Any
    asked: list[str]

    def open(self, address: str) -> None:
        self.page.goto(self.base + address)

    def sign_in(self, name: str, password: str, language: str = "en") -> None:
        self.open(f"/{language}/sign-in")
        self.page.fill("#name", name)
        self.page.fill("#password", password)
        self.page.press("#password", "Enter")
        self.page.wait_for_selector("form[action$='/sign-out']")

    @property
    def strangers(self) -> list[str]:
        """Requests that left the machine."""
        return [url for url in self.asked if not url.startswith((self.base, "data:"))]

    def wider_than_screen(self) -> int:
        """Pixels by which the page must be scrolled sideways."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


PICTURES = Path(__file__).parents[2] / "var" / "pictures"
"""Where the test run leaves its screenshots."""
