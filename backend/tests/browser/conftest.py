"""A real server, a real Chromium, and pages of both. `PARLEY_TEST_BROWSER` names the browser.

These tests are synchronous: Playwright's own loop runs in their thread, so that they share no run with asyncio tests.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.console import Console
from tests.browser.installation import Installation

BROWSER = os.environ.get("PARLEY_TEST_BROWSER") or shutil.which("chromium") or ""
FLAGS = (
    "--no-sandbox",  # as root, in containers, there is no other way
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MS = 15_000  # for a machine that is busy with other things

expect.set_options(timeout=PATIENCE_MS)


class OpenPage(Protocol):
    """Open an empty page in a browser profile of its own; `options` are Playwright's of a context."""

    def __call__(self, **options: Any) -> Page: ...


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo shop as it was made, before anybody came."""
    folder = tmp_path_factory.mktemp("prepared")
    Installation(folder).prepare()
    return folder


@pytest.fixture(scope="module")
def installation(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One server for the journeys of one file: none finds what another left, and each has visitors of its own."""
    folder = shutil.copytree(prepared, tmp_path_factory.mktemp("installation") / "var")
    installation = Installation(folder)
    installation.start()
    yield installation
    installation.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser; each person in it has a profile of their own."""
    if not BROWSER:
        pytest.skip("no Chromium: name it in PARLEY_TEST_BROWSER")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def console() -> Iterator[Console]:
    """Fails a journey whose pages complained, whatever else went well."""
    console = Console()
    yield console
    assert console.complaints == []


@pytest.fixture
def open_page(browser: Browser, installation: Installation, console: Console) -> Iterator[OpenPage]:
    """Each call is another person at another device."""
    contexts = []

    def make(**options: Any) -> Page:
        wanted = {"base_url": installation.url, "locale": "en", "viewport": {"width": 1440, "height": 900}} | options
        context = browser.new_context(**wanted)
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        console.listen_to(context)
        return context.new_page()

    yield make
    for context in contexts:
        context.close()
