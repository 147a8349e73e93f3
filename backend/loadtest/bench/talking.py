"""How pairs talk while we measure: in closed loop, as fast as answers come, and in open loop, as often as we say."""

import asyncio
import os
import resource
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson

from loadtest.processes import Process
from loadtest.wires import OnText, Wire, connect, frame

MESSAGE, SENT, KIND = b"mess", b"sent", slice(9, 13)  # what stands at this place of `{"type":"message",…`
TEXT = "你好，请问五常大米今天还能发货吗？ Is the rice still in stock?"
OPEN_AT_ONCE = 50
SETTLE_SECONDS = 1.0


@dataclass(frozen=True)
class Ends:
    """What one pair needs to open its two sockets: path, first frame, and the conversation in which it talks."""

    buyer: tuple[str, bytes]
    merchant: tuple[str, bytes]
    conversation_id: int


@dataclass
class Figures:
    """What one run showed."""

    rate: float
    p50_ms: float
    p99_ms: float
    server_us: float
    """CPU of the server process for each message."""
    client_load: float
    """Share of its core that the load generator used; near 1 it is the bottleneck."""
    messages: int
    afterwards_us: float = 0.0
    """CPU for each message that the server used after the run, for example to index what had gathered."""


@dataclass
class Run:
    """Latencies of one run; empty while nothing is measured."""

    is_on: bool = False
    may_send: bool = False
    latencies: list[float] = field(default_factory=list)


class Lane:
    """One direction of one pair: sends, and waits for the other end's `message` and its own `sent`."""

    __slots__ = ("_before", "_count", "_run", "_started", "_waits_for", "is_looping", "speaker")

    _prefix = f"{os.getpid()}-{time.time_ns()}"
    _lanes = 0

    def __init__(self, run: Run, conversation_id: int) -> None:
        Lane._lanes += 1
        opening = {"type": "send", "conversation_id": str(conversation_id), "content": TEXT}
        name = f',"client_id":"{self._prefix}-{Lane._lanes}-'
        self._before = orjson.dumps(opening)[:-1] + name.encode()
        self._run = run
        self._count = 0
        self._started = 0.0
        self._waits_for = 0
        self.is_looping = False
        self.speaker: Wire

    def send(self, answers: int) -> None:
        """Send the next message; `answers`: how many frames tell that it is done."""
        self._count += 1
        self._waits_for = answers
        self._started = time.perf_counter()
        self.speaker.send(frame(b'%s%010d"}' % (self._before, self._count)))

    def heard(self, answers: int) -> None:
        """The other end has it."""
        if self._run.is_on:
            self._run.latencies.append(time.perf_counter() - self._started)
        self.done(answers)

    def done(self, answers: int) -> None:
        """One answer came; the next message leaves when it was the last."""
        self._waits_for -= 1
        if self._waits_for <= 0 and self.is_looping and self._run.may_send:
            self.send(answers)


class Talk:
    """Pairs whose sockets are open. `answers`: 2 where the sender gets a `sent`, 1 on the bare echo."""

    def __init__(self, server: Process, answers: int) -> None:
        self.server = server
        self.run = Run()
        self.wires: list[Wire] = []
        self._answers = answers
        self._lanes: list[tuple[Lane, Lane]] = []

    async def open(self, ends: Sequence[Ends]) -> None:
        """Open the sockets of more pairs."""
        gate = asyncio.Semaphore(OPEN_AT_ONCE)

        async def one(pair: Ends) -> None:
            async with gate:
                await self._open(pair)

        await asyncio.gather(*(one(pair) for pair in ends))
        await asyncio.sleep(SETTLE_SECONDS)

    async def close(self) -> None:
        """Say goodbye on every socket."""
        self.run.may_send = False
        await asyncio.gather(*(wire.close() for wire in self.wires))

    async def closed_loop(self, pairs: int, warm_seconds: float, seconds: float, both_ways: bool = False) -> Figures:
        """Everybody sends the next message when the last one has arrived."""
        chosen = [lane for lanes in self._lanes[:pairs] for lane in lanes[: 2 if both_ways else 1]]
        self.run.may_send = True
        for lane in chosen:
            lane.is_looping = True
            lane.send(self._answers)
        figures = await self._measured(warm_seconds, seconds)
        self.run.may_send = False
        await asyncio.sleep(SETTLE_SECONDS)  # what is under way arrives
        for lane in chosen:
            lane.is_looping = False
        return figures

    async def open_loop(self, pairs: int, per_second: float, warm_seconds: float, seconds: float) -> Figures:
        """A message every 1/`per_second` seconds, whatever the server does."""
        sending = asyncio.create_task(self._keep_sending(pairs, per_second))
        figures = await self._measured(warm_seconds, seconds)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        return figures

    async def _keep_sending(self, pairs: int, per_second: float) -> None:
        start, count = time.perf_counter(), 0
        while True:
            count += 1
            await asyncio.sleep(max(0.0, start + count / per_second - time.perf_counter()))
            self._lanes[count % pairs][0].send(self._answers)

    async def _measured(self, warm_seconds: float, seconds: float) -> Figures:
        await asyncio.sleep(warm_seconds)
        self.run.latencies.clear()
        self.run.is_on = True
        server, client, start = self.server.cpu_seconds(), _own_cpu(), time.perf_counter()
        await asyncio.sleep(seconds)
        self.run.is_on = False
        passed = time.perf_counter() - start
        server, client = self.server.cpu_seconds() - server, _own_cpu() - client
        if any(wire.closed.done() for wire in self.wires):
            raise RuntimeError(f"{self.server.name} closed a socket:\n{self.server.last_words()}")
        return _figures(self.run.latencies, passed, server, client)

    async def _open(self, ends: Ends) -> None:
        forth, back = Lane(self.run, ends.conversation_id), Lane(self.run, ends.conversation_id)
        ready: list[asyncio.Future[None]] = []
        for (path, first), own, other in ((ends.buyer, forth, back), (ends.merchant, back, forth)):
            is_ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            wire = await connect(self.server.port, path, self._listener(own, other, is_ready))
            own.speaker = wire
            wire.send(first)
            self.wires.append(wire)
            ready.append(is_ready)
        async with asyncio.timeout(30):
            await asyncio.gather(*ready)
        self._lanes.append((forth, back))

    def _listener(self, own: Lane, other: Lane, is_ready: asyncio.Future[None]) -> OnText:
        answers = self._answers

        def on_text(payload: bytes) -> None:
            kind = payload[KIND]
            if kind == SENT:
                own.done(answers)
            elif kind == MESSAGE or (answers == 1 and kind == b"send"):
                other.heard(answers)
            elif kind == b"read" and not is_ready.done():
                is_ready.set_result(None)
            elif kind == b"erro":
                raise RuntimeError(payload.decode())

        return on_text


def median(runs: Sequence[Figures]) -> Figures:
    """The run in the middle, figure by figure."""
    names = Figures.__dataclass_fields__
    return Figures(**{name: statistics.median(getattr(run, name) for run in runs) for name in names})


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the (sorted) values are."""
    return values[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


def _figures(latencies: list[float], seconds: float, server: float, client: float) -> Figures:
    ordered, count = sorted(latencies), len(latencies)
    return Figures(
        rate=count / seconds,
        p50_ms=percentile(ordered, 0.5) * 1000,
        p99_ms=percentile(ordered, 0.99) * 1000,
        server_us=server / max(count, 1) * 1e6,
        client_load=client / seconds,
        messages=count,
    )


def _own_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
