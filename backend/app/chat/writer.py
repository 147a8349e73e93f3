"""Group commit: one writer per process takes what has gathered, commits it once, answers everybody.

An idle writer never waits: the first draft wakes it, and what arrives while it commits is the next batch.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from loguru import logger

from app.chat.drafts import Draft
from app.chat.plan import Outcome, Sent
from app.chat.stores import MessageStore, StoreUnavailable
from app.kernel import clock
from app.kernel.errors import AppError

MAX_BATCH = 400  # messages of one transaction; above it, the wait for the commit grows faster than the rate
MAX_WAITING = 20_000  # drafts in the queue; beyond it the answer is 503 at once
NEWS_SECONDS = 60  # a repeated message of another process, younger than this, is announced again
MAX_TOLD = 10_000  # announced messages that are remembered
RETRY_SECONDS = (0.05, 0.2, 0.5, 1.0, 2.0)

Done = Callable[[Outcome], None]
Announce = Callable[[Sequence[tuple[Sent, object]]], None]


class Writer:
    """Takes drafts from every door; `announce` gets what was committed, each with the `origin` its sender gave."""

    def __init__(self, store: MessageStore, announce: Announce) -> None:
        self._store = store
        self._announce = announce
        self._waiting: deque[tuple[Draft, Done, object]] = deque()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_closing = False
        self._told: set[int] = set()
        self.batches = 0
        self.messages = 0

    def start(self) -> None:
        """Begin to commit."""
        self._task = asyncio.create_task(self._run(), name="message writer")

    async def stop(self) -> None:
        """Commit what waits, then close the store."""
        self._is_closing = True
        self._wake.set()
        if self._task is not None:
            await self._task
        await self._store.close()

    @property
    def is_idle(self) -> bool:
        """Nothing waits."""
        return not self._waiting

    def submit(self, draft: Draft, done: Done, origin: object = None) -> None:
        """Queue a draft; `done(outcome)` is called after the commit, in the order of submission."""
        if self._is_closing or len(self._waiting) >= MAX_WAITING:
            done(busy())
            return
        self._waiting.append((draft, done, origin))
        self._wake.set()

    async def send(self, draft: Draft) -> Sent:
        """Queue a draft and wait for its commit. Raises the `AppError` that refused it."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

        def done(outcome: Outcome) -> None:
            if not future.done():
                future.set_result(outcome)

        self.submit(draft, done)
        outcome = await future
        if isinstance(outcome, AppError):
            raise outcome
        return outcome

    async def _run(self) -> None:
        while True:
            if not self._waiting:
                if self._is_closing:
                    return
                self._wake.clear()
                await self._wake.wait()
                continue
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_BATCH))]
            outcomes, was_uncertain = await self._commit([draft for draft, _, _ in batch])
            self.batches += 1
            self.messages += len(batch)
            self._announce(
                [
                    (outcome, origin)
                    for outcome, (_, _, origin) in zip(outcomes, batch, strict=True)
                    if isinstance(outcome, Sent) and (was_uncertain or self._is_news(outcome))
                ]
            )
            for outcome, (_, done, _) in zip(outcomes, batch, strict=True):
                done(outcome)

    def _is_news(self, outcome: Sent) -> bool:
        """Also a young replay of another process' message: that process may have died before it could tell."""
        message = outcome.message
        if outcome.is_replay and (message.id in self._told or message.created_at < clock.now() - NEWS_SECONDS):
            return False
        if len(self._told) >= MAX_TOLD:
            self._told.clear()
        self._told.add(message.id)
        return True

    async def _commit(self, drafts: list[Draft]) -> tuple[list[Outcome], bool]:
        """The outcomes, and whether an earlier try may have committed. Another try is safe: messages have names."""
        for delay in (0.0, *RETRY_SECONDS):
            await asyncio.sleep(delay)
            try:
                return await self._store.commit(drafts, clock.now()), delay > 0
            except StoreUnavailable as error:
                logger.warning("messages: the database is away, trying again: {}", error)
            except Exception as error:  # the outermost loop: one bad draft must not stop the writer
                logger.opt(exception=error).error("messages: a batch of {} was refused", len(drafts))
                return await self._one_by_one(drafts), delay > 0
        return [busy() for _ in drafts], True

    async def _one_by_one(self, drafts: list[Draft]) -> list[Outcome]:
        """After a refused batch: the draft at fault fails alone."""
        outcomes: list[Outcome] = []
        for draft in drafts:
            try:
                outcomes += await self._store.commit([draft], clock.now())
            except StoreUnavailable:
                outcomes.append(busy())
            except AppError as error:
                outcomes.append(error)
            except Exception as error:
                logger.opt(exception=error).error("messages: a draft was refused")
                outcomes.append(AppError(500, "internal", "Something went wrong on our side."))
        return outcomes


def busy() -> AppError:
    """The message may or may not be stored; sending it again under the same client_id is safe."""
    return AppError(
        503, "busy", "The message could not be stored just now. Please send it again.", headers={"Retry-After": "1"}
    )
