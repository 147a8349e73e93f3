"""Which of the team has which conversation before their eyes, in every process. Nobody's word outlives `TTL_SECONDS`.

It is a hint that keeps two agents from answering at once; nothing is stored, and no buyer and no admin hears of it.
"""

import asyncio
import os
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import orjson

from app.chat import frames
from app.chat.hub import Delivery, Hub, Socket, team
from app.kernel import clock
from app.kernel.broker import Broker

HEARTBEAT_SECONDS = 15
TTL_SECONDS = 45
TELL_DELAY_SECONDS = 0.1


class View(NamedTuple):
    """Somebody of a shop looks at a conversation."""

    conversation_id: int
    merchant_id: str
    user_id: str


class Viewing:
    """This process' sockets, and what the other processes said of theirs."""

    def __init__(self, hub: Hub, broker: Broker) -> None:
        self._hub = hub
        self._broker = broker
        self._process = os.urandom(8).hex()
        self._here: dict[Socket, View] = {}
        self._elsewhere: dict[str, tuple[float, list[View]]] = {}
        self._telling: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to tell the others, and to forget the silent."""
        self._task = asyncio.create_task(self._heartbeat(), name="viewing")

    async def stop(self) -> None:
        """Nobody here looks any more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._telling is not None:
            self._telling.cancel()
        self._here.clear()
        self._tell()

    def of(self, conversation_id: int) -> list[str]:
        """Who looks at it, anywhere."""
        return sorted({view.user_id for view in self._all() if view.conversation_id == conversation_id})

    def look(self, socket: Socket, conversation_id: int | None, merchant_id: str) -> None:
        """A socket's person opened a conversation, or none; they learn who else is there."""
        before = self._here.get(socket)
        seen = None if conversation_id is None else View(conversation_id, merchant_id, socket.identity.user_id)
        if seen is not None:
            self._hub.push(socket, frames.viewing(seen.conversation_id, sorted({*self.of(seen.conversation_id)})))
        if seen == before:
            return
        affected = [view for view in (before, seen) if view is not None]
        was = {view.conversation_id: self.of(view.conversation_id) for view in affected}
        if seen is None:
            del self._here[socket]
        else:
            self._here[socket] = seen
        self._say(affected, was)
        self._tell_soon()

    def left(self, socket: Socket) -> None:
        """A socket closed."""
        if socket in self._here:
            self.look(socket, None, "")

    def receive(self, payload: bytes) -> None:
        """What another process says of its sockets."""
        told: dict[str, Any] = orjson.loads(payload)
        views = [View(*view) for view in told["views"]]
        until = clock.monotonic() + TTL_SECONDS
        if told.get("hello"):
            self._tell()
        self._replace(told["process"], (until, views))

    def _all(self) -> Iterable[View]:
        yield from self._here.values()
        for _, views in self._elsewhere.values():
            yield from views

    def _replace(self, process: str, entry: tuple[float, list[View]] | None) -> None:
        before = self._elsewhere.get(process, (0.0, []))[1]
        affected = [*before, *(entry[1] if entry else ())]
        was = {view.conversation_id: self.of(view.conversation_id) for view in affected}
        if entry is None:
            self._elsewhere.pop(process, None)
        else:
            self._elsewhere[process] = entry
        self._say(affected, was)

    def _say(self, affected: Sequence[View], was: dict[int, list[str]]) -> None:
        """Tell this process' sockets of the conversations that are looked at by others than before."""
        shops = {view.conversation_id: view.merchant_id for view in affected}
        for conversation_id, merchant_id in shops.items():
            now = self.of(conversation_id)
            if now != was[conversation_id]:
                self._hub.deliver_here([Delivery([team(merchant_id)], frames.viewing(conversation_id, now))])

    def _tell_soon(self) -> None:
        if self._telling is None and self._broker.has_peers:
            self._telling = asyncio.get_running_loop().call_later(TELL_DELAY_SECONDS, self._tell)

    def _tell(self, *, hello: bool = False) -> None:
        self._telling = None
        if self._broker.has_peers:
            told = {"process": self._process, "views": list(self._here.values()), "hello": hello}
            self._broker.publish(b"v" + orjson.dumps(told))

    async def _heartbeat(self) -> None:
        self._tell(hello=True)
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            self._tell()
            for process, (until, _) in list(self._elsewhere.items()):
                if until < clock.monotonic():
                    self._replace(process, None)
