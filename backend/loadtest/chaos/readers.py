"""A client that only reads, as the protocol asks: sync after every connect, fetch on a gap, sync on `resync`."""

import asyncio
import random
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

import orjson

from loadtest.asking import NO_ANSWER, Answer, ask
from loadtest.chaos.ledger import Copy, Ledger, Row
from loadtest.chaos.people import Person
from loadtest.processes import Process
from loadtest.wires import Wire, connect, frame

CONNECT_SECONDS = 3.0
HTTP_SECONDS = 4.0
PING_SECONDS = 1.0
BUSY_SECONDS = 0.5
SILENCE_SECONDS = 5.0  # after that a connection counts as dead
BACKOFF_SECONDS = (0.05, 0.4)
READ_CHANCE = 0.1  # how often a message is followed by a read mark
MAX_LIMIT = 200


class Reader:
    """One client with one socket at a time, on any of the servers."""

    def __init__(
        self,
        name: str,
        person: Person,
        conversations: Sequence[int],
        servers: Sequence[Process],
        ledger: Ledger,
        chance: random.Random,
        *,
        may_mark: bool = True,
    ) -> None:
        self.name = name
        self.person = person
        self.copies = {number: Copy(number) for number in conversations}
        self.is_synced = asyncio.Event()
        self.wire: Wire | None = None
        self._servers = servers
        self._ledger = ledger
        self._chance = chance
        self._may_mark = may_mark
        self._heard_at = 0.0
        self._promised: deque[dict[int, int]] = deque()
        self._is_ready = False
        self._fetches: dict[int, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    async def run(self) -> None:
        """Stay connected until cancelled."""
        try:
            while True:
                try:
                    await self._converse()
                except (OSError, TimeoutError):
                    self._ledger.counts["refused connections"] += 1
                await asyncio.sleep(self._chance.uniform(*BACKOFF_SECONDS))
        finally:
            if self.wire is not None:
                self.wire.abort()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def drop(self) -> None:
        """Tear the connection apart in the middle of a frame."""
        wire = self.wire
        if wire is None or not wire.can_send:
            return
        whole = self._torn_frame()
        wire.send(whole[: self._chance.randint(1, len(whole))])
        await asyncio.sleep(self._chance.uniform(0.001, 0.02))  # a part of it is on its way
        wire.abort()
        self._ledger.counts["dropped sockets"] += 1

    def sync(self) -> None:
        """Ask for everything after what is here."""
        if self._is_ready and self.wire is not None:
            self.is_synced.clear()
            self._promised.append({number: self._ledger.committed.get(number, 0) for number in self.copies})
            known = {str(number): copy.last for number, copy in self.copies.items()}
            self._say({"type": "sync", "conversations": known})

    async def complete(self, last_seqs: dict[int, int]) -> None:
        """Sync until nothing is missing."""
        self.sync()
        await self.is_synced.wait()
        while any(copy.last < last_seqs[number] for number, copy in self.copies.items()):
            self.sync()
            await self.is_synced.wait()

    def _torn_frame(self) -> bytes:
        return frame(orjson.dumps({"type": "typing", "conversation_id": str(next(iter(self.copies))), "on": True}))

    async def _converse(self) -> None:
        server = self._chance.choice(self._servers)
        async with asyncio.timeout(CONNECT_SECONDS):
            wire = await connect(server.port, f"/ws/{self.person.user_id}", self._on_text)
        self.wire, self._is_ready, self._heard_at = wire, False, time.monotonic()
        self._promised.clear()
        self._ledger.counts["connections"] += 1
        self._say({"type": "auth", "token": self.person.token})
        try:
            while not wire.closed.done():
                await asyncio.wait([wire.closed], timeout=PING_SECONDS)
                if time.monotonic() - self._heard_at > SILENCE_SECONDS:
                    self._ledger.counts["silent connections"] += 1
                    break
                self._say({"type": "ping", "t": 1})
        finally:
            self.wire, self._is_ready = None, False
            self.is_synced.clear()
            wire.abort()
        if 4400 <= wire.close_code < 4500:
            self._ledger.violate(f"{self.name}: {server.name} closed the socket with {wire.close_code}")

    def _say(self, said: dict[str, Any]) -> None:
        if self.wire is not None and self.wire.can_send:
            self.wire.send(frame(orjson.dumps(said)))

    def _on_text(self, payload: bytes) -> None:
        self._heard_at = time.monotonic()
        said = orjson.loads(payload)
        self._ledger.counts["frames"] += 1
        match said["type"]:
            case "message":
                self._take(int(said["conversation_id"]), Row.of(said))
            case "ready":
                self._is_ready = True
                self._on_ready()
            case "synced":
                self._on_synced(said)
            case "resync":
                self._ledger.counts["resyncs"] += 1
                self.sync()
            case "sent" | "error":
                self._on_answer(said)

    def _on_ready(self) -> None:
        self.sync()

    def _on_answer(self, said: dict[str, Any]) -> None:
        if said.get("status") == 503:  # it may have been our sync that was not done
            self._ledger.counts["503"] += 1
            asyncio.get_running_loop().call_later(BUSY_SECONDS, self.sync)
            return
        self._ledger.violate(f"{self.name}: was told {said}")

    def _on_synced(self, said: dict[str, Any]) -> None:
        self._ledger.counts["syncs"] += 1
        if said.get("unknown"):
            self._ledger.violate(f"{self.name}: sync does not know {said['unknown']}")
        promises = self._promised.popleft()  # a socket's frames are answered in their order
        for number, seq in said["conversations"].items():
            copy, promised = self.copies[int(number)], promises[int(number)]
            if copy.last < seq:
                self._ledger.violate(f"{self.name}: synced says {number} is at {seq}, but only {copy.last} came")
            if number not in said["more"] and seq < promised:
                self._ledger.violate(f"{self.name}: {promised} of {number} was committed before sync, it says {seq}")
        # A frame may overtake the answer that fills the gap before it.
        if said["more"] or any(copy.seen > copy.last for copy in self.copies.values()):
            self.sync()
        else:
            self.is_synced.set()

    def _take(self, conversation_id: int, row: Row) -> None:
        copy = self.copies.get(conversation_id)
        if copy is None:
            self._ledger.violate(f"{self.name}: got a message of conversation {conversation_id}, which is not its own")
            return
        match copy.take(row):
            case "new":
                if self._may_mark and self._chance.random() < READ_CHANCE:
                    self._mark_read(copy)
            case "gap":
                self._ledger.counts["gaps"] += 1
                if self.is_synced.is_set():  # else what is missing is on its way
                    self._close_gap(copy)
            case "other":
                self._ledger.violate(f"{self.name}: seq {row.seq} was {copy.rows[row.seq - 1]}, now it is {row}")

    def _close_gap(self, copy: Copy) -> None:
        """By `sync`, or by HTTP unless that is under way."""
        if self._chance.random() < 0.5:
            self.sync()
        elif copy.conversation_id not in self._fetches:
            task = self._start(self._fetch(copy))
            self._fetches[copy.conversation_id] = task
            task.add_done_callback(lambda _: self._fetches.pop(copy.conversation_id, None))

    async def _fetch(self, copy: Copy) -> None:
        while True:
            after = copy.last
            path = f"/conversations/{copy.conversation_id}/messages/"
            answer = await self._ask("GET", f"{path}?after_seq={after}&limit={MAX_LIMIT}")
            if answer.status != 200:
                self.sync()
                return
            for said in answer.body["results"]:
                self._take(copy.conversation_id, Row.of(said))
            if copy.last == after:
                return

    def _mark_read(self, copy: Copy) -> None:
        self._ledger.counts["read marks"] += 1
        if self._chance.random() < 0.7:
            self._say({"type": "read", "conversation_id": str(copy.conversation_id), "seq": copy.last})
        else:
            path = f"/conversations/{copy.conversation_id}/read"
            self._start(self._ask("POST", path, {"seq": copy.last}))

    async def _ask(self, method: str, path: str, body: Any = None) -> Answer:
        """An answer of any server; one that is neither a success nor 503 is a broken promise."""
        port = self._chance.choice(self._servers).port
        answer = await ask(port, method, path, self.person.token, body, HTTP_SECONDS)
        if answer == NO_ANSWER:
            self._ledger.counts["requests without an answer"] += 1
        elif answer.status == 503:
            self._ledger.counts["503"] += 1
        elif not answer.is_success:
            self._ledger.violate(f"{self.name}: {method} {path}: {answer}")
        return answer

    def _start(self, work: Any) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
