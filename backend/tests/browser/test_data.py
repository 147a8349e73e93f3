"""Exports and imports with a hand on the mouse: started, followed, fetched; looked at, confirmed."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.console import Console
from tests.browser.gestures import sign_in
from tests.browser.test_accessibility import LOOKS, RULES

PAGE = "/settings/data"
OVERFLOW = "() => document.documentElement.scrollWidth - innerWidth"


def choose(page: Page, kind: str, content: bytes) -> None:
    """Pick a file and press the button below."""
    page.set_input_files(f"#file-{kind}", files=[{"name": "table.csv", "mimeType": "text/csv", "buffer": content}])
    page.click(f"#import-{kind} form button")


def test_an_archive_is_made_fetched_and_read_offline(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page()
    sign_in(page, "chen", "/inbox")
    page.goto(PAGE)
    page.check("input[value=html]")
    page.click("#export-form button")
    fetch = page.locator(".task[data-state=completed] a", has_text="Download").first
    expect(fetch).to_be_visible()
    with page.expect_download() as came:
        fetch.click()
    with zipfile.ZipFile(io.BytesIO(Path(came.value.path()).read_bytes())) as archive:
        archive.extractall(tmp_path)
    page.goto(f"file://{tmp_path}/index.html")
    page.locator("tbody a").first.click()
    expect(page.locator(".thread > li").first).to_be_visible()
    pictures = sorted(tmp_path.glob("media/*/*.webp"))
    page.goto(f"file://{tmp_path}/conversations/{pictures[0].parent.name}.html")
    page.locator("img").first.scroll_into_view_if_needed()
    page.wait_for_function("document.images[0].complete && document.images[0].naturalWidth > 0")


def test_contacts_are_looked_at_and_imported(open_page: OpenPage) -> None:
    page = open_page()
    sign_in(page, "chen", "/inbox")
    page.goto(PAGE)
    choose(page, "contacts", "姓名,邮箱\n林夏,lin@example.com\n".encode("gb18030"))
    expect(page.locator("#import-contacts td", has_text="lin@example.com")).to_be_visible()
    assert page.evaluate("document.activeElement.matches('#import-contacts [data-focus]')")
    page.click("text=Import 1 row")
    expect(page.locator(".task[data-state=completed]", has_text="Import of contacts").first).to_be_visible()
    choose(page, "contacts", "姓名,邮箱\n林夏,lin@example.com\n".encode())
    expect(page.locator("#import-contacts .notice")).to_have_text("Everything in this file is known already.")


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_the_page_is_accessible_and_fits(
    open_page: OpenPage, console: Console, look: dict[str, Any], width: int
) -> None:
    page = open_page(**look, viewport={"width": width, "height": 900})
    sign_in(page, "chen", "/inbox")
    page.goto(PAGE)
    choose(page, "contacts", b"name,email,phone,note\nLin,nowhere,12,x\nMo,mo@example.com,,y\n")
    expect(page.locator("#import-contacts .problems li")).to_have_count(2)
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}}).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
    assert page.evaluate(OVERFLOW) == 0
