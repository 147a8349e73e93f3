"""Every process hands frames to its own sockets, by audience. The event is a nudge; the fetch is the truth.

Audiences: `u:<user>` a person, `m:<merchant>` a merchant's side, `admins`, `p:<merchant>` buyers who see that shop's
presence. A buyer is in no merchant's audience, so nobody is in two audiences of one frame.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, NamedTuple

import orjson
from loguru import logger

from app.chat import frames
from app.kernel.broker import Broker
from app.kernel.identity import Identity, Role

MAX_QUEUED = 1000  # frames of one socket; beyond it a slow reader is told to sync instead
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


class Delivery(NamedTuple):
    """A frame for some audiences. `origin`: the socket that caused it and has its own answer."""

    audiences: Sequence[str]
    frame: str
    origin: object = None


class Socket:
    """One open connection with its queue. `writable` is the transport's flow control, where the server tells it."""

    __slots__ = ("_send", "allowance", "allowance_at", "audiences", "frames", "identity", "in_flight", "is_flushing",
                 "is_full", "locale", "writable")  # fmt: skip

    def __init__(self, identity: Identity, send: Send, locale: str, writable: asyncio.Event | None) -> None:
        self.identity = identity
        self.locale = locale
        self.writable = writable
        self.audiences: set[str] = own_audiences(identity)
        self.frames: list[str] = []
        self.is_flushing = False
        self.is_full = False
        self.in_flight = 0
        self.allowance = 0.0
        self.allowance_at = 0.0
        self._send = send

    async def flush(self, *, may_wait: bool) -> bool:
        """Send what is queued, also what is queued meanwhile. False: the peer reads too slowly and we may not wait."""
        try:
            while self.frames or self.is_full:
                queued, self.frames = self.frames, []
                if self.is_full:
                    self.is_full, queued = False, [frames.RESYNC]
                for position, frame in enumerate(queued):
                    if not may_wait and not (self.writable and self.writable.is_set()):
                        self.frames = queued[position:] + self.frames
                        return False
                    await self._send({"type": "websocket.send", "text": frame})
        except (RuntimeError, OSError):
            self.frames = []  # closed while we wrote; its reader ends it
        self.is_flushing = False
        return True

    async def close(self, code: int, reason: str = "") -> None:
        """Close; the reader sees the disconnect."""
        try:
            await self._send({"type": "websocket.close", "code": code, "reason": reason})
        except (RuntimeError, OSError):
            logger.debug("socket of {} was closed already", self.identity.user_id)


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
        self._wake = asyncio.Event()
        self._flushes: set[asyncio.Task[bool]] = set()
        self._task: asyncio.Task[None] | None = None
        self.sockets: set[Socket] = set()

    def start(self) -> None:
        """Begin to flush queues."""
        self._task = asyncio.create_task(self._flush_dirty(), name="hub")

    async def stop(self) -> None:
        """Close every socket with 1012: come back, with jitter."""
        await asyncio.gather(*(socket.close(1012, "restarting") for socket in list(self.sockets)))
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

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

    def push(self, socket: Socket, frame: str) -> None:
        """Queue one frame; all that is queued in this turn of the loop leaves in one write."""
        if len(socket.frames) >= MAX_QUEUED:
            socket.frames.clear()
            socket.is_full = True
        elif not socket.is_full:
            socket.frames.append(frame)
        if not socket.is_flushing:
            socket.is_flushing = True
            self._dirty.append(socket)
            self._wake.set()

    def deliver(self, deliveries: Sequence[Delivery]) -> None:
        """Hand frames to their audiences, here now and in the other processes soon. Never raises for a reader's sake."""
        self.deliver_here(deliveries)
        if deliveries and self._broker.has_peers:
            self._broker.publish(b"f" + orjson.dumps([(d.audiences, d.frame) for d in deliveries]))

    def receive(self, payload: bytes) -> None:
        """Frames of another process."""
        self.deliver_here([Delivery(audiences, frame) for audiences, frame in orjson.loads(payload)])

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

    async def _flush_dirty(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            dirty, self._dirty = self._dirty, []
            for socket in dirty:
                if not await socket.flush(may_wait=False):
                    task = asyncio.create_task(socket.flush(may_wait=True))
                    self._flushes.add(task)
                    task.add_done_callback(self._flushes.discard)
