"""A whole installation of the product with the demo shop in it, as a process that can be killed and comes back."""

import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

from loadtest.databases import BACKEND
from loadtest.processes import READY_SECONDS, Process, free_port, product_environment


class Installation:
    """The embedded shape: SQLite, no Redis, a folder of its own."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self._environment = product_environment(folder, f"sqlite:///{folder / 'parley.db'}", port=port) | {
            "PARLEY_DEMO": "true"
        }
        # Without compiled modules every restart would take seconds more.
        self._environment.pop("PYTHONDONTWRITEBYTECODE", None)
        # The product, and one kind of job that takes as long as a journey wants.
        command = [sys.executable, "-m", "tests.jobs.walking", "serve"]
        self._server = Process("parley", command, self._environment, port, folder / "parley.log")
        self.url = self._server.url

    def prepare(self) -> None:
        """Make the tables and the demo shop."""
        for verb in ("migrate", "seed"):
            command = [sys.executable, "-m", "app.cli", verb]
            subprocess.run(command, cwd=BACKEND, env=self._environment, check=True, capture_output=True)
        plain = [sys.executable, "-m", "tests.browser.plain_shop"]
        subprocess.run(plain, cwd=BACKEND, env=self._environment, check=True, capture_output=True)

    def load(self, merchant_id: str, conversations: int, messages: int) -> None:
        """Fill a shop's inbox while the server runs."""
        code = (
            "import asyncio; from app.demo.load import load; from app.kernel.config import get_settings;"
            "from app.kernel.db import Database;"
            f"asyncio.run(load(Database(get_settings()), {conversations}, {messages}, {merchant_id!r}))"
        )
        command = [sys.executable, "-c", code]
        subprocess.run(command, cwd=BACKEND, env=self._environment, check=True, capture_output=True)

    def lengthen(self, conversation_id: str, messages: int) -> None:
        """Make a conversation very long while the server runs."""
        command = [sys.executable, "-m", "tests.browser.long_talk", conversation_id, str(messages)]
        subprocess.run(command, cwd=BACKEND, env=self._environment, check=True, capture_output=True)

    def start(self) -> None:
        """Start and wait for the first answer. Not `Process.start`: Playwright's own loop runs in this thread."""
        self._server.spawn()
        deadline = time.monotonic() + READY_SECONDS
        while self._server.is_running and time.monotonic() < deadline:
            with suppress(OSError), urllib.request.urlopen(f"{self.url}/health", timeout=3):
                return
            time.sleep(0.05)
        raise RuntimeError(f"the server does not answer:\n{self._server.last_words()}")

    def kill(self) -> None:
        """As `kill -9` does it: no goodbye to anybody."""
        self._server.kill()

    def stop(self) -> None:
        """A proper end."""
        self._server.stop()
