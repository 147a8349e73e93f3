"""Pages must not cost more because there is more behind them: a big database beside one of a hundredth of its size."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import psycopg
from sqlalchemy import make_url, text

from app.accounts import tokens
from app.accounts.models import AuthSession, SessionKind, User
from app.demo.load import load
from app.kernel import ids
from app.kernel.clock import now
from app.kernel.db import Database
from loadtest.bench.people import DAY_SECONDS, NODE
from loadtest.bench.report import Report
from loadtest.bench.scene import Plan, Scene, undisturbed
from loadtest.processes import Process

BIG, SMALL = (10_000, 1_000_000), (100, 10_000)
QUICK_BIG, QUICK_SMALL = (1000, 50_000), (100, 5000)
REQUESTS = 150
WARM_REQUESTS = 30
MERCHANT = "m1"
INDEXED = "INSERT INTO search_progress (conversation_id, indexed_seq) SELECT id, last_seq FROM conversations"
LONGEST = "SELECT id FROM conversations ORDER BY last_seq DESC, id LIMIT 1"


@dataclass(frozen=True)
class Shop:
    """A database that is served, its merchant's token, and its longest thread."""

    server: Process
    token: str
    longest: int


async def measure(scene: Scene, plan: Plan, report: Report) -> None:
    """p50 of the first page of the inbox and of the last page of the longest thread."""
    sizes = (QUICK_BIG, QUICK_SMALL) if plan.is_quick else (BIG, SMALL)
    big, small = [await _shop(scene, name, size) for name, size in zip(("big", "small"), sizes, strict=True)]
    conversations, messages = sizes[0]
    pages: dict[str, Callable[[Shop], str]] = {
        f"first page of an inbox of {conversations:,}": lambda _: "/api/v1/conversations/",
        f"last page of a thread in {messages:,} messages": lambda shop: (
            f"/api/v1/conversations/{shop.longest}/messages/"
        ),
    }
    for title, path_of in pages.items():
        found: dict[str, list[float]] = {"big": [], "small": []}
        used: dict[str, list[float]] = {"big": [], "small": []}
        for _ in range(plan.rounds):
            for name, shop in (("big", big), ("small", small)):
                report.began(await undisturbed(plan.patience_seconds))
                before = shop.server.cpu_seconds()
                found[name].append(await _p50_ms(shop, path_of(shop)))
                used[name].append((shop.server.cpu_seconds() - before) * 1000 / (WARM_REQUESTS + REQUESTS))
        ratio = median(one / other for one, other in zip(found["big"], found["small"], strict=True))
        report.milliseconds(f"{title}: p50", median(found["big"]), at_most=10.0)
        report.milliseconds(f"{title}: CPU of the server", median(used["big"]))
        report.times(f"{title}: of a hundredth's {median(found['small']):.2f} ms", ratio, at_most=1.3)


async def _shop(scene: Scene, name: str, size: tuple[int, int]) -> Shop:
    url = scene.database()
    settings = scene.settings(url)
    db = Database(settings)
    ids.use_node(NODE)
    began = time.monotonic()
    await load(db, *size, merchant_id=MERCHANT)
    async with db.writing() as session:
        # As a desk is that has been running: after an import of a million messages the indexer is busy for minutes.
        await (await session.connection()).execute(text(INDEXED))
        user = await session.get_one(User, MERCHANT)
        row = AuthSession(user_id=MERCHANT, kind=SessionKind.BEARER, expires_at=now() + DAY_SECONDS)
        session.add(row)
        await session.flush()
        token, _ = tokens.access(settings, user, MERCHANT, row)
    await db.dispose()
    longest = await asyncio.to_thread(_analysed, url)
    print(
        f"  loaded {size[0]:,} conversations with {size[1]:,} messages in {time.monotonic() - began:.0f} s", flush=True
    )
    return Shop(await scene.serve(name, url), token, longest)


def _analysed(url: str) -> int:
    """What autovacuum would have done by the next morning; and the id of the longest thread."""
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        found = connection.execute(LONGEST).fetchone()
    assert found is not None
    return int(found[0])


async def _p50_ms(shop: Shop, path: str) -> float:
    """One request after the other on one connection, by hand: a client library costs as much as the page."""
    reader, writer = await asyncio.open_connection("127.0.0.1", shop.server.port)
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {shop.token}\r\n\r\n".encode()
    seconds = []
    for _ in range(WARM_REQUESTS + REQUESTS):
        began = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"GET {path}: {head.decode(errors='replace')}")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.partition(b":")[2]))
        seconds.append(time.perf_counter() - began)
    writer.close()
    return median(seconds[WARM_REQUESTS:]) * 1000
