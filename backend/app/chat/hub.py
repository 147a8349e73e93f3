"""Every process hands frames to its own sockets, by audience. The event is a nudge; the fetch is the truth.

Audiences: `u:<user>` a person, `m:<merchant>` a merchant's side, `admins`, `p:<merchant>` buyers who see that shop's
presence, `j:<job>` who follows one job. A buyer is in no merchant's audience: nobody is in two audiences of one frame.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, NamedTuple

import orjson
from loguru import logger

from app.chat import frames
from app.kernel.broker import Broker
from app.kernel.identity import Identity, Role
from app.kernel.websockets import Line

MAX_QUEUED = 1000  # frames of one socket; beyond it a slow reader is told to sync instead
MAX_QUEUED_BYTES = 8_388_608  # the same in memory: a thousand long messages are 60 MB, for each socket of one client
CLOSE_SECONDS = 1.0  # who has not taken what was sent before by then is cut off without a goodbye
ADMINS = "admins"
Send = Callable[[Any], Awaitable[None]]


def person(user_id: str) -> str:
    """The audience of one user's sockets."""
    return f"u:{user_id}"


def team(merchant_id: str) -> str:
    """The audience of a merchant's side."""
    return f"m:{merchant_id}"


def shop_watchers(merchant_id: str) -> str:
    """The audience of buyers who talk with a shop."""
    return f"p:{merchant_id}"


def job_watchers(job_id: int) -> str:
    """The audience of those who follow one job."""
    return f"j:{job_id}"


class Delivery(NamedTuple):
    """A frame for some audiences. `origin`: the socket that caused it and has its own answer."""

    audiences: Sequence[str]
    frame: bytes
    origin: object = None


class Socket:
    """One open connection with its queue. `line` is the direct way to the transport, where the server offers one."""

    __slots__ = ("_send", "allowance", "allowance_at", "audiences", "frames", "identity", "in_flight", "is_busy",
                 "is_flushing", "is_full", "line", "locale", "paged_at", "queued_bytes")  # fmt: skip

    def __init__(self, identity: Identity, send: Send, locale: str, line: Line | None) -> None:
        self.identity = identity
        self.locale = locale
        self.line = line
        self.audiences: set[str] = own_audiences(identity)
        self.frames: list[bytes] = []
        self.queued_bytes = 0
        self.is_flushing = False
        self.is_full = False
        self.is_busy = False
        """Its reader works on a frame: what comes now must wait behind it."""
        self.in_flight = 0
        self.allowance = 0.0
        self.allowance_at = 0.0
        self.paged_at = float("-inf")
        """When its buyer last told of a page."""
        self._send = send

    def flush_now(self) -> bool:
        """Send what is queued over the line; False when there is none, or the peer reads too slowly."""
        if self.line is None or not self.line.writable.is_set():
            return False
        self.line.write_texts(self._taken())
        self.is_flushing = False
        return True

    async def flush(self) -> None:
        """Send what is queued as soon as the peer takes it, also what is queued meanwhile."""
        try:
            while self.frames or self.is_full:
                if self.line is not None:
                    await self.line.writable.wait()
                    self.line.write_texts(self._taken())
                    continue
                for frame in self._taken():
                    await self._send({"type": "websocket.send", "text": frame.decode()})
        except (RuntimeError, OSError):
            self.frames = []  # closed while we wrote; its reader ends it
        finally:
            self.is_flushing = False

    async def close(self, code: int, reason: str = "") -> None:
        """Close after what is queued; the reader sees the disconnect. Nobody can make us wait by not reading."""
        self.flush_now()
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._send({"type": "websocket.close", "code": code, "reason": reason})
        except TimeoutError:
            if self.line is not None:
                self.line.abort()
        except (RuntimeError, OSError):
            logger.debug("socket of {} was closed already", self.identity.user_id)

    def _taken(self) -> list[bytes]:
        taken, self.frames, self.queued_bytes = self.frames, [], 0
        if self.is_full:
            self.is_full, taken = False, [frames.RESYNC]
        return taken


def own_audiences(identity: Identity) -> set[str]:
    """Where a person listens by role."""
    if identity.role is Role.ADMIN:
        return {person(identity.user_id), ADMINS}
    if identity.role is Role.MERCHANT and identity.merchant_id:
        return {person(identity.user_id), team(identity.merchant_id)}
    return {person(identity.user_id)}


class Hub:
    """The sockets of this process, and the way to those of the others."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._members: dict[str, set[Socket]] = {}
        self._dirty: list[Socket] = []
        self._flushes: set[asyncio.Task[None]] = set()
        self.sockets: set[Socket] = set()

    async def stop(self) -> None:
        """Close every socket with 1012: come back, with jitter."""
        await asyncio.gather(*(socket.close(1012, "restarting") for socket in list(self.sockets)))

    def join(self, socket: Socket) -> None:
        """Begin to deliver to `socket`."""
        self.sockets.add(socket)
        for audience in socket.audiences:
            self._members.setdefault(audience, set()).add(socket)

    def leave(self, socket: Socket) -> None:
        """Stop delivering to `socket`."""
        self.sockets.discard(socket)
        for audience in socket.audiences:
            members = self._members.get(audience)
            if members is not None:
                members.discard(socket)
                if not members:
                    del self._members[audience]

    def add_audience(self, socket: Socket, audience: str) -> None:
        """One more audience for a socket that has joined."""
        socket.audiences.add(audience)
        self._members.setdefault(audience, set()).add(socket)

    def members(self, audience: str) -> Iterable[Socket]:
        """The sockets of an audience in this process."""
        return tuple(self._members.get(audience, ()))

    def push(self, socket: Socket, frame: bytes) -> None:
        """Queue one frame; all that is queued in this turn of the loop leaves in one write."""
        if len(socket.frames) >= MAX_QUEUED or socket.queued_bytes >= MAX_QUEUED_BYTES:
            socket.frames.clear()
            socket.queued_bytes = 0
            socket.is_full = True
        elif not socket.is_full:
            socket.frames.append(frame)
            socket.queued_bytes += len(frame)
        if not socket.is_flushing:
            socket.is_flushing = True
            if not self._dirty:
                asyncio.get_running_loop().call_soon(self._flush_dirty)
            self._dirty.append(socket)

    def deliver(self, deliveries: Sequence[Delivery]) -> None:
        """Hand frames to their audiences, here now and in the other processes soon."""
        self.deliver_here(deliveries)
        if deliveries and self._broker.has_peers:
            self._broker.publish(b"f" + orjson.dumps([(d.audiences, d.frame.decode()) for d in deliveries]))

    def receive(self, payload: bytes) -> None:
        """Frames of another process."""
        self.deliver_here([Delivery(audiences, frame.encode()) for audiences, frame in orjson.loads(payload)])

    def resync_all(self) -> None:
        """Something may have been missed: every socket is asked to sync."""
        for socket in self.sockets:
            self.push(socket, frames.RESYNC)

    def deliver_here(self, deliveries: Sequence[Delivery]) -> None:
        """Hand frames to the sockets of this process only."""
        for audiences, frame, origin in deliveries:
            for audience in audiences:
                for socket in self._members.get(audience, ()):
                    if socket is not origin:
                        self.push(socket, frame)

    def _flush_dirty(self) -> None:
        dirty, self._dirty = self._dirty, []
        for socket in dirty:
            if not socket.flush_now():
                task = asyncio.create_task(socket.flush())
                self._flushes.add(task)
                task.add_done_callback(self._flushes.discard)
