"""Who is online, in every process: heartbeats with a time-to-live, so that a dead process leaves no ghost.

Each process tells the others whom it holds; nobody's word counts for longer than `TTL_SECONDS`. A key is a user id, or
`team:<merchant>` for "somebody of this shop's side is here", which is what buyers see under the merchant's id.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Iterable, Sequence

import orjson

from app.chat import frames
from app.chat.hub import ADMINS, Delivery, Hub, Socket, shop_watchers, team
from app.kernel import clock
from app.kernel.broker import Broker
from app.kernel.identity import Identity, Role

HEARTBEAT_SECONDS = 15
TTL_SECONDS = 45
TELL_DELAY_SECONDS = 0.1
GRACE_SECONDS = 3.0  # a page that reloads is not gone
_TEAM = "team:"

Entries = dict[str, list[str]]
"""Online key → the audiences that see it."""


class Presence:
    """This process' sockets, and what the other processes said of theirs."""

    def __init__(self, hub: Hub, broker: Broker) -> None:
        self._hub = hub
        self._broker = broker
        self._process = os.urandom(8).hex()
        self._counts: Counter[str] = Counter()
        self._here: Entries = {}
        self._elsewhere: dict[str, tuple[float, Entries]] = {}
        self._leaving: dict[str, asyncio.TimerHandle] = {}
        self._telling: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to tell the others, and to forget the silent."""
        self._task = asyncio.create_task(self._heartbeat(), name="presence")

    async def stop(self) -> None:
        """Say goodbye for everybody here."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for timer in (*self._leaving.values(), *filter(None, [self._telling])):
            timer.cancel()
        self._tell({"gone": True})

    def is_online(self, user_id: str) -> bool:
        """Whether a user is here, or somebody of a merchant's side when `user_id` is a merchant."""
        return any(key in entries for key in (user_id, _TEAM + user_id) for entries in self._all())

    def is_here(self, user_id: str) -> bool:
        """Whether this very person is here; for an owner that is another question than for the shop."""
        return any(user_id in entries for entries in self._all())

    def came(self, identity: Identity, merchants: Iterable[str]) -> None:
        """A socket opened. `merchants`: the shops with which a buyer talks."""
        for key, audiences in _keys(identity, merchants):
            self._counts[key] += 1
            timer = self._leaving.pop(key, None)
            if timer is not None:
                timer.cancel()
            was_online = any(key in entries for entries in self._all())
            self._here[key] = sorted({*self._here.get(key, ()), *audiences})
            if not was_online:
                self._changed(key, is_online=True)

    def left(self, identity: Identity) -> None:
        """A socket closed; its user is offline after a moment of grace."""
        for key, _ in _keys(identity, ()):
            self._counts[key] -= 1
            if self._counts[key] <= 0:
                del self._counts[key]
                loop = asyncio.get_running_loop()
                self._leaving[key] = loop.call_later(GRACE_SECONDS, self._gone, key)

    def met(self, socket: Socket, merchant_id: str) -> None:
        """The buyer at `socket` talks with one more shop: each sees the other from now on."""
        self._hub.add_audience(socket, shop_watchers(merchant_id))
        user_id = socket.identity.user_id
        if user_id in self._here and team(merchant_id) not in self._here[user_id]:
            self._here[user_id] = sorted({*self._here[user_id], team(merchant_id)})
            self._hub.deliver([Delivery([team(merchant_id)], frames.status(user_id, True))])
        if self.is_online(merchant_id):
            self._hub.push(socket, frames.status(merchant_id, True))

    def visible_to(self, socket: Socket) -> Sequence[str]:
        """The online users whom this socket's person may see."""
        if socket.identity.role is Role.BUYER:  # ten thousand buyers connect at once: no walk over everybody for each
            shops = [audience.removeprefix(shop_watchers("")) for audience in socket.audiences]
            return [shop for shop in shops if any(_TEAM + shop in entries for entries in self._all())]
        everybody = ((key, seen_by) for entries in self._all() for key, seen_by in entries.items())
        return sorted({_name(key) for key, seen_by in everybody if not socket.audiences.isdisjoint(seen_by)})

    def receive(self, payload: bytes) -> None:
        """What another process says of its sockets."""
        told = orjson.loads(payload)
        process = told["process"]
        before = self._elsewhere.pop(process, (0.0, {}))[1]
        if not told.get("gone"):
            self._elsewhere[process] = (clock.monotonic() + TTL_SECONDS, told["online"])
        if told.get("hello"):
            self._tell({"online": self._here})
        self._compare(before, {} if told.get("gone") else told["online"])

    def _all(self) -> Iterable[Entries]:
        yield self._here
        for _, entries in self._elsewhere.values():
            yield entries

    def _gone(self, key: str) -> None:
        self._leaving.pop(key, None)
        if key not in self._counts and key in self._here:
            self._changed(key, is_online=False)

    def _changed(self, key: str, *, is_online: bool) -> None:
        seen_by = self._here[key]
        if not is_online:
            del self._here[key]
        if not any(key in entries for _, entries in self._elsewhere.values()):
            self._hub.deliver_here([Delivery(seen_by, frames.status(_name(key), is_online))])
        self._tell_soon()

    def _compare(self, before: Entries, after: Entries) -> None:
        """Tell this process' sockets what another's word changed."""
        for key in before.keys() ^ after.keys():
            if not any(key in entries for entries in self._all() if entries is not after):
                seen_by = after.get(key) or before[key]
                self._hub.deliver_here([Delivery(seen_by, frames.status(_name(key), key in after))])

    def _tell_soon(self) -> None:
        """Many who come at once are told at once."""
        if self._telling is None and self._broker.has_peers:
            self._telling = asyncio.get_running_loop().call_later(TELL_DELAY_SECONDS, self._tell_now)

    def _tell_now(self) -> None:
        self._telling = None
        self._tell({"online": self._here})

    def _tell(self, what: dict[str, object]) -> None:
        if not self._broker.has_peers:
            return
        self._broker.publish(b"p" + orjson.dumps({"process": self._process, **what}))

    async def _heartbeat(self) -> None:
        self._tell({"online": self._here, "hello": True})
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            self._tell({"online": self._here})
            for process, (until, entries) in list(self._elsewhere.items()):
                if until < clock.monotonic():
                    del self._elsewhere[process]
                    self._compare(entries, {})


def _keys(identity: Identity, merchants: Iterable[str]) -> list[tuple[str, list[str]]]:
    """The keys that a person's socket counts for, each with who sees it."""
    if identity.role is Role.MERCHANT and identity.merchant_id:
        mine = team(identity.merchant_id)
        watchers = shop_watchers(identity.merchant_id)
        return [(identity.user_id, [mine, ADMINS]), (_TEAM + identity.merchant_id, [watchers, ADMINS])]
    if identity.role is Role.BUYER:
        return [(identity.user_id, [*(team(merchant) for merchant in merchants), ADMINS])]
    return [(identity.user_id, [ADMINS])]


def _name(key: str) -> str:
    return key.removeprefix(_TEAM)
