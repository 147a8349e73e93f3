"""`scripts/screenshots`: start the product with its demo shop, photograph every page and state, write an index."""

import argparse
import asyncio
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from gallery import sheets
from gallery.album import Album
from gallery.looks import HEIGHTS, LOCALES, THEMES, looks
from gallery.scenes import SCENES, Scene
from loadtest.databases import BACKEND
from loadtest.processes import Process, free_port, product_environment

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


def main() -> int:
    """The exit status: 1 when a scene could not be reached."""
    wanted = _arguments()
    scenes = [scene for scene in SCENES if not wanted.only or any(word in scene.name for word in wanted.only)]
    browser = wanted.browser or shutil.which("chromium") or shutil.which("google-chrome")
    if not browser or not scenes:
        print("no Chromium: name it with --browser" if scenes else "no such scene", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="parley-screenshots-") as place:
        server = _server(Path(place))
        try:
            asyncio.run(server.start())
            return _photograph(wanted, scenes, server.url, browser)
        finally:
            server.stop()


def _photograph(wanted: argparse.Namespace, scenes: list[Scene], address: str, executable: str) -> int:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        album = Album(browser, address, wanted.to)
        for look in looks(wanted.widths, wanted.themes, wanted.locales):
            album.photograph(scenes, look)
            print(f"{look.name}: {album.taken} pictures", file=sys.stderr)
        browser.close()
    print(sheets.write(wanted.to))
    for failure in album.failures:
        print(f"✗ {failure}", file=sys.stderr)
    return 1 if album.failures else 0


def _server(folder: Path) -> Process:
    port = free_port()
    environment = product_environment(folder, f"sqlite:///{folder / 'parley.db'}", port=port) | {"PARLEY_DEMO": "true"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    for verb in ("migrate", "seed"):
        command = [sys.executable, "-m", "app.cli", verb]
        subprocess.run(command, cwd=BACKEND, env=environment, check=True, capture_output=True)
    return Process("parley", [sys.executable, "-m", "app.cli", "serve"], environment, port, folder / "parley.log")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/screenshots", description=__doc__)
    parser.add_argument("only", nargs="*", help="parts of the names of scenes; nothing: all")
    parser.add_argument("--widths", nargs="+", type=int, choices=list(HEIGHTS), default=list(HEIGHTS))
    parser.add_argument("--themes", nargs="+", choices=THEMES, default=list(THEMES))
    parser.add_argument("--locales", nargs="+", choices=LOCALES, default=list(LOCALES))
    parser.add_argument("--to", type=Path, default=BACKEND.parent / "var" / "screenshots", help="the folder")
    parser.add_argument("--browser", help="a Chromium; nothing: the one on the path")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
