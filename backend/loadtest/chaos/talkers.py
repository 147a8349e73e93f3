"""A client that also writes: over the socket and HTTP, twice, out of order, under one name until it is answered."""

import asyncio
import math
import time
from dataclasses import dataclass
from typing import Any

import orjson

from loadtest.chaos.ledger import Draft
from loadtest.chaos.readers import Reader
from loadtest.wires import frame

WINDOW = 8  # messages of one client that wait for their answer
RESEND_SECONDS = (1.5, 3.0, 6.0, 10.0)  # without patience a slow server gets slower with every try
LOOK_SECONDS = 0.25
WORDS = ("大米", "还有吗？", "rice", "ships today", "五常", "谢谢🍚", "<b>", "'; --", "😀", "\\u0000", "  ", "\n")


@dataclass
class Try:
    """A message that waits for its answer: how often it was offered, and when it is due again."""

    draft: Draft
    count: int = 0
    due: float = 0.0


class Talker(Reader):
    """Every message is offered until somebody acknowledges it."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.outstanding: dict[str, Try] = {}
        self._held_back: Draft | None = None
        self._answered = asyncio.Event()

    async def talk(self, conversation_id: int, count: int, pause_seconds: float) -> None:
        """Send `count` messages, one in `pause_seconds` on the average, and wait for all answers."""
        for number in range(count):
            await asyncio.sleep(self._chance.uniform(0, 2 * pause_seconds))
            await self._until_outstanding(WINDOW - 1)
            self._offer_reordered(self._draft(conversation_id, number))
        await self._until_outstanding(0)

    async def run(self) -> None:
        """Stay connected, and send again what was not answered."""
        self._start(self._resend())
        await super().run()

    async def _until_outstanding(self, at_most: int) -> None:
        while len(self.outstanding) > at_most:
            self._answered.clear()
            await self._answered.wait()

    def _draft(self, conversation_id: int, number: int) -> Draft:
        client_id = f"{self.name}-{conversation_id}-{number}"
        words = " ".join(self._chance.choices(WORDS, k=self._chance.randint(1, 12)))
        draft = Draft(conversation_id, client_id, self.person.user_id, f"{client_id}: {words}.")
        self._ledger.drafts[client_id] = draft
        return draft

    def _offer_reordered(self, draft: Draft) -> None:
        """Now and then the next message overtakes this one."""
        self.outstanding[draft.client_id] = Try(draft, due=time.monotonic() + RESEND_SECONDS[0])
        if self._held_back is None and self._chance.random() < 0.1:
            self._held_back = draft
            return
        self._offer(draft)
        if self._held_back is not None:
            self._offer(self._held_back)
            self._held_back = None

    def _offer(self, draft: Draft) -> None:
        waiting = self.outstanding.get(draft.client_id)
        if waiting is None:
            return  # answered while it was held back
        patience = RESEND_SECONDS[min(waiting.count, len(RESEND_SECONDS) - 1)]
        waiting.count, waiting.due = waiting.count + 1, time.monotonic() + patience * self._chance.uniform(0.8, 1.2)
        door = self._chance.random()
        if door < 0.5 and self._is_ready:
            self._send(draft)
        elif door < 0.8:
            self._start(self._post(draft))
        else:  # the same message at the same moment: twice through one door, or through both
            self._ledger.counts["doubled sends"] += 1
            if door < 0.9 and self._is_ready:
                self._send(draft)
                self._send(draft)
            else:
                self._start(self._post(draft))
                if door < 0.95 and self._is_ready:
                    self._send(draft)
                else:
                    self._start(self._post(draft))

    def _send(self, draft: Draft) -> None:
        self._say({"type": "send", **_payload(draft), "conversation_id": str(draft.conversation_id)})

    async def _post(self, draft: Draft) -> None:
        answer = await self._ask("POST", f"/conversations/{draft.conversation_id}/messages/", _payload(draft))
        if answer.is_success:
            self._acknowledged(answer.body["client_id"], answer.body)

    async def _resend(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self._offer_again(time.monotonic())

    def _offer_again(self, now: float) -> None:
        late = [waiting.draft for waiting in self.outstanding.values() if waiting.due <= now]
        self._chance.shuffle(late)
        for draft in late:
            self._ledger.counts["resends"] += 1
            self._offer(draft)

    def _on_ready(self) -> None:
        super()._on_ready()
        self._offer_again(math.inf)

    def _on_answer(self, said: dict[str, Any]) -> None:
        if said["type"] == "sent":
            self._acknowledged(said["client_id"], said)
        elif said["status"] == 503 and "client_id" in said:
            self._ledger.counts["503"] += 1
        else:
            super()._on_answer(said)

    def _acknowledged(self, client_id: str, said: dict[str, Any]) -> None:
        self._ledger.acknowledge(self.name, client_id, int(said["id"]), said["seq"])
        self.outstanding.pop(client_id, None)
        self._answered.set()

    def _torn_frame(self) -> bytes:
        if not self.outstanding:
            return super()._torn_frame()
        draft = next(iter(self.outstanding.values())).draft
        said = {"type": "send", **_payload(draft), "conversation_id": str(draft.conversation_id)}
        return frame(orjson.dumps(said))


def _payload(draft: Draft) -> dict[str, str]:
    return {"client_id": draft.client_id, "content": draft.content}
