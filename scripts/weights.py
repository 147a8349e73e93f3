"""Weighs what pages really load: the pages are asked of the application itself, and followed to every file.

Followed are `<link>`, `<script>`, the static imports of modules, the sprite of icons, and style sheets that the server
makes. What is loaded later (`import()`, pictures, the API's answers) is not part of a first load.
"""

import asyncio
import gzip
import re
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient

from app.accounts import users
from app.accounts.models import SessionKind
from app.accounts.shapes import UserCreate
from app.kernel import migrations, modules
from app.kernel.config import Settings, get_settings
from app.kernel.identity import Role
from app.main import create_app

KB = 1024
STATIC = re.compile(r'(?:href|src)="(/static/[^"#]+)')
MADE = re.compile(r'<link rel="stylesheet"[^>]*href="(/(?!static/)[^"]+)"')
STAMP = re.compile(r"^/static/[0-9a-f]{12}/")


@dataclass
class Load:
    """One page's first load. `most`: kB that it may weigh, gzipped."""

    name: str
    most: int
    files: dict[str, int] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        return sum(self.files.values())


def weigh(content: bytes) -> int:
    """Gzipped as nginx does it."""
    return len(gzip.compress(content, 6, mtime=0))


async def page(load: Load, client: AsyncClient, path: str, static: Path, *, later: bool = False) -> Load:
    """A page with everything that its first load brings; with `later` also what it may import afterwards."""
    answer = await client.get(path, headers={"Accept-Language": "zh-CN"})  # the language with the larger dictionary
    answer.raise_for_status()
    load.files[path] = weigh(answer.content)
    for address in MADE.findall(answer.text):
        load.files[address] = weigh((await client.get(address)).content)
    named = {static / STAMP.sub("", address).removeprefix("/static/") for address in STATIC.findall(answer.text)}
    files = {file for one in named for file in (modules.reachable(one, later=later) if one.suffix == ".js" else {one})}
    if any("/js/" in file.as_posix() for file in files):
        files.add(static / "icons.svg")
    for file in sorted(file for file in files if "vendor" not in file.parts or file in named):
        load.files[file.relative_to(static).as_posix()] = weigh(file.read_bytes())
    return load


async def sign_in(app: FastAPI, client: AsyncClient) -> None:
    """A merchant at the console."""
    from app.accounts import authentication, sessions, tokens
    from app.accounts.sessions import Client

    settings, db = app.state.settings, app.state.db
    async with db.writing() as session:
        await users.create(session, UserCreate(id="m1", username="shop", role=Role.MERCHANT))
        signed_in = await sessions.begin_for(session, settings, "m1", Client(), SessionKind.CONSOLE)
    cookie = tokens.console(settings, signed_in.user, "m1", signed_in.session)
    client.cookies.set(authentication.cookie_name(settings), cookie)


async def measure(settings: Settings) -> list[Load]:
    """The loads, from the smallest."""
    static = settings.frontend_dir / "static"
    app = create_app(settings)
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url=settings.base_url) as client,
    ):
        await sign_in(app, client)
        loader = Load("loader (embed.js)", 10)
        loader.files["embed.js"] = weigh((await client.get("/embed.js")).content)
        widget = await page(Load("widget (frame)", 60), client, "/chat/m1?frame=1", static)
        whole = await page(
            Load("widget, all of it", 100),
            client,
            "/chat/m1?frame=1",
            static,
            later=True,
        )
        console = await page(Load("console (inbox)", 250), client, "/inbox", static)
    return [loader, widget, whole, console]


def main() -> None:
    """Print the table; end with 1 when a load is too heavy."""
    with tempfile.TemporaryDirectory(prefix="parley-weights-") as folder:
        var = Path(folder)
        settings = get_settings().model_copy(
            update={
                "var_dir": var, "media_dir": var / "media", "database_url": f"sqlite:///{var / 'weights.db'}",
                "broker_url": "", "run_jobs": False, "demo": False, "rate_limits": False,
            }
        )  # fmt: skip
        migrations.upgrade(settings)
        loads = asyncio.run(measure(settings))
    print(f"{'first load':<22}{'gzipped':>10}{'at most':>10}{'files':>8}")
    for load in loads:
        mark = "✓" if load.bytes <= load.most * KB else "✗"
        print(f"{load.name:<22}{load.bytes / KB:>7.1f} kB{load.most:>7} kB{len(load.files):>8} {mark}")
    if "--files" in sys.argv:
        for load in loads:
            print(f"\n{load.name}")
            for name, size in sorted(load.files.items(), key=lambda one: -one[1]):
                print(f"{size:>8}  {name}")
    if any(load.bytes > load.most * KB for load in loads):
        sys.exit(1)


if __name__ == "__main__":
    main()
