"""Takes the photographs: one server with the demo shop, one browser, a context for each person and look."""

from collections.abc import Iterable
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, StorageState
from playwright.sync_api import Error as BrowserError

from app.demo.people import PASSWORD
from gallery.looks import HEIGHTS, Look
from gallery.scenes import Scene

PATIENCE_MS = 10_000
SETTLE_MS = 350  # after the network is quiet: the last paint


class Album:
    """A folder of pictures. `failures` names the scenes that could not be reached."""

    def __init__(self, browser: Browser, address: str, folder: Path) -> None:
        self._browser = browser
        self._address = address
        self._folder = folder
        self._keys: dict[str, StorageState] = {}
        self.taken = 0
        self.failures: list[str] = []

    def photograph(self, scenes: Iterable[Scene], look: Look) -> None:
        """Every scene in one look."""
        for scene in scenes:
            context = self._enter(scene.who, look)
            page = context.new_page()
            file = self._folder / scene.name / f"{look.name}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._go(page, scene)
            except BrowserError as error:
                self.failures.append(f"{scene.name} ({look.name}): {error.message.splitlines()[0]}")
            page.screenshot(path=file)
            self.taken += 1
            context.close()

    def _go(self, page: Page, scene: Scene) -> None:
        page.goto(scene.path)
        page.wait_for_load_state("load")
        if scene.act is not None:
            scene.act(page)
        page.wait_for_timeout(SETTLE_MS)

    def _enter(self, who: str, look: Look) -> BrowserContext:
        """A window of this look in which `who` has signed in; nobody when empty."""
        if who and who not in self._keys:
            self._keys[who] = self._sign_in(who)
        context = self._browser.new_context(
            base_url=self._address,
            locale=look.locale,
            color_scheme="dark" if look.theme == "dark" else "light",
            reduced_motion="reduce",
            viewport={"width": look.width, "height": HEIGHTS[look.width]},
            has_touch=look.is_phone,
            storage_state=self._keys[who] if who else None,
        )
        context.set_default_timeout(PATIENCE_MS)
        return context

    def _sign_in(self, who: str) -> StorageState:
        context = self._browser.new_context(base_url=self._address)
        page = context.new_page()
        page.goto("/sign-in")
        page.fill("#account", who)
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_url(lambda address: "sign-in" not in address)
        key = context.storage_state()
        context.close()
        return key
