"""What a process weighs: at rest, and with thousands of authenticated sockets on which nothing happens."""

import asyncio

from loadtest.bench.people import Person
from loadtest.bench.report import Report
from loadtest.bench.scene import Plan, Scene, auth_frame
from loadtest.processes import Process
from loadtest.wires import Wire, connect

REST_SECONDS = 4.0
WARM_SOCKETS = 100  # what is loaded with the first sockets is not theirs
SHOPS = 100
AT_ONCE = 50
HOLD_SECONDS = 26.0  # longer than uvicorn's ping: an answered ping leaves its traces
SOURCES = 4  # loopback addresses that share the ports


async def measure(scene: Scene, plan: Plan, report: Report) -> None:
    """Every socket is a buyer's; they talk with a hundred shops, whose people are away."""
    count = 1000 if plan.is_quick else 10_000
    url = scene.database()
    pairs = await scene.pairs(url, count + WARM_SOCKETS, SHOPS)
    server = await scene.serve("idle", url)
    await asyncio.sleep(REST_SECONDS)
    report.kilobytes("memory of the server at rest", server.rss_bytes(), at_most=150_000_000)
    buyers = [pair.buyer for pair in pairs]
    wires = await _opened(server, buyers[:WARM_SOCKETS])
    before = server.rss_bytes()
    wires += await _opened(server, buyers[WARM_SOCKETS:])
    grown = server.rss_bytes() - before
    await asyncio.sleep(3 if plan.is_quick else HOLD_SECONDS)
    grown = max(grown, server.rss_bytes() - before)
    lost = sum(wire.closed.done() for wire in wires)
    if lost:
        report.note(f"{lost} of {len(wires)} idle sockets were closed by the server")
    report.kilobytes(f"an idle authenticated socket, of {count:,}", grown / count, at_most=36_000)
    for wire in wires:
        wire.abort()
    server.stop()


async def _opened(server: Process, people: list[Person]) -> list[Wire]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(number: int, person: Person) -> Wire:
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def on_text(payload: bytes) -> None:
            if not ready.done() and payload.startswith(b'{"type":"online_users"'):
                ready.set_result(None)

        async with gate:
            source = f"127.0.0.{2 + number % SOURCES}"
            wire = await connect(server.port, f"/ws/{person.user_id}", on_text, source)
            wire.send(auth_frame(person))
            async with asyncio.timeout(30):
                await ready
            return wire

    return list(await asyncio.gather(*(one(number, person) for number, person in enumerate(people))))
