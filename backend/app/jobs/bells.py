"""Wake-ups for workers, carried by taskiq: in the process, or over Redis Streams with one stream for each queue.

A bell only says where to look. Losing one costs at most the second until the next look at the rows, so nothing here is
acknowledged, replayed or kept.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any

from loguru import logger
from redis.asyncio import Redis
from redis.exceptions import RedisError
from taskiq import AsyncBroker, AsyncTaskiqDecoratedTask, InMemoryBroker
from taskiq.acks import AckableMessage
from taskiq.exceptions import SendTaskError
from taskiq_redis import RedisStreamBroker

from app.jobs.events import JobReady
from app.jobs.kinds import QUEUES
from app.kernel.events import Event

STREAM = "parley:bells"
TASK = "ring"
MAX_STREAM = 10_000  # bells that nobody heard; the rows know better
MAX_AT_ONCE = 16  # bells of one commit and queue: each may wake another worker, and that many fill any
READ_BLOCK_MS = 5000
RETRY_SECONDS = (0.1, 0.5, 1.0, 2.0)
TROUBLE = (RedisError, OSError, TimeoutError, SendTaskError)  # the last is what taskiq makes of the others

OnRing = Callable[[str], None]


class Streams(RedisStreamBroker):
    """taskiq's broker, but what is read is gone.

    Its own way acknowledges each message and, after every read, looks in each stream for those that others left, under
    a lock that a killed worker keeps: thirty round trips for a bell that nobody misses.
    """

    async def listen(self) -> AsyncGenerator[AckableMessage, None]:
        """Bells of all streams, each for one worker of the group."""
        streams: dict[Any, Any] = dict.fromkeys([self.queue_name, *self.additional_streams], ">")
        async with Redis(connection_pool=self.connection_pool) as redis:
            while True:
                fetched: Any = await redis.xreadgroup(
                    self.consumer_group_name, self.consumer_name, streams, self.count, self.block, noack=True
                )
                entries = fetched.values() if isinstance(fetched, dict) else [entry[1] for entry in fetched or ()]
                for messages in entries:
                    for _, message in messages:
                        yield AckableMessage(data=message[b"data"], ack=_nothing)


async def _nothing() -> None:
    """Read without acknowledgement."""


class Bells:
    """One process' end of the wire. `ring` never waits and never raises."""

    def __init__(self, broker_url: str, hears: Sequence[str] = ()) -> None:
        """`hears`: the queues whose bells this process wants; none for one that only rings."""
        self._url = broker_url
        self._hears = tuple(hears)
        self._on_ring: OnRing = lambda queue: None
        self._broker, self._task = self._made()
        self._waiting: Counter[str] = Counter()
        self._wake = asyncio.Event()
        self._ended = asyncio.Event()
        self._sender: asyncio.Task[None] | None = None
        self._listener: asyncio.Task[None] | None = None

    async def start(self, on_ring: OnRing = lambda queue: None) -> None:
        """Begin to carry; `on_ring(queue)` is called for each bell that is heard here."""
        self._on_ring = on_ring
        self._sender = asyncio.create_task(self._send(), name="bells")
        if self._url and self._hears:
            self._listener = asyncio.create_task(self._listen(), name="hear bells")

    async def stop(self) -> None:
        """Stop listening, and ring what waits as far as that is quick."""
        self._ended.set()
        self._wake.set()
        if self._listener is not None:
            self._listener.cancel()
        if self._sender is not None:
            _, late = await asyncio.wait([self._sender], timeout=2)
            for task in late:
                task.cancel()
        await asyncio.gather(*filter(None, (self._sender, self._listener)), return_exceptions=True)
        await self._broker.shutdown()

    def events(self, happened: Sequence[Event]) -> None:
        """Ring for every job that a commit made ready."""
        ready = [event.queue for event in happened if isinstance(event, JobReady)]
        if ready:
            self._waiting.update(ready)
            self._wake.set()

    def _made(self) -> tuple[AsyncBroker, AsyncTaskiqDecoratedTask[[str], Any]]:
        broker: AsyncBroker = InMemoryBroker()
        if self._url:
            streams = [self._stream(queue) for queue in self._hears or QUEUES]
            broker = Streams(
                self._url,
                queue_name=streams[0],
                additional_streams=dict.fromkeys(streams[1:], ">"),
                consumer_group_name="workers",
                maxlen=MAX_STREAM,
                xread_block=READ_BLOCK_MS,
                socket_timeout=None,  # blocking reads
                socket_connect_timeout=2,
            )

        async def ring(queue: str) -> None:  # taskiq looks at the signature: a bound method will not do
            self._on_ring(queue)

        return broker, broker.register_task(ring, TASK)

    def _stream(self, queue: str) -> str:
        """Redis databases have separate keys, so installations that share a server do not mix."""
        return f"{STREAM}:{queue}"

    async def _send(self) -> None:
        failures = 0
        while not (self._ended.is_set() and not self._waiting):
            await self._wake.wait()
            self._wake.clear()
            ringing, self._waiting = self._waiting, Counter()
            try:
                for queue, count in ringing.items():
                    await self._ring(queue, min(count, MAX_AT_ONCE))
                failures = 0
            except TROUBLE as error:
                # What was lost is found by the workers' own look at the rows.
                logger.warning("bells: not rung: {}", error)
                failures += 1
                await self._pause(failures)
            if self._ended.is_set():
                return

    async def _ring(self, queue: str, times: int) -> None:
        kicker = self._task.kicker().with_labels(queue_name=self._stream(queue))
        for _ in range(times if self._url else 1):
            await kicker.kiq(queue)

    async def _listen(self) -> None:
        failures = 0
        while not self._ended.is_set():
            try:
                await self._broker.startup()  # again after a loss: a wiped Redis has forgotten its consumer groups
                async for message in self._broker.listen():
                    data = message.data if isinstance(message, AckableMessage) else message
                    self._on_ring(str(self._broker.formatter.loads(data).args[0]))
                    failures = 0
            except TROUBLE as error:
                logger.warning("bells: not heard: {}", error)
                failures += 1
            await self._pause(failures)

    async def _pause(self, failures: int) -> None:
        try:
            await asyncio.wait_for(self._ended.wait(), RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)])
        except TimeoutError:
            return
