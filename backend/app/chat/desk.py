"""The moving parts of the chat in one process, put together."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import cast

from loguru import logger
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import HTTPConnection

from app.accounts import sessions
from app.chat.broadcasts import Broadcasts
from app.chat.hub import Hub
from app.chat.indexer import Indexer
from app.chat.plan import Sent
from app.chat.presence import Presence
from app.chat.stores import store_for
from app.chat.writer import Writer
from app.kernel import clock
from app.kernel.broker import Broker
from app.kernel.config import Settings
from app.kernel.db import Database

REVOCATION_SECONDS = 2.0  # a revoked session's sockets are closed within 5 s, also without a broker
NOT_AUTHENTICATED = 4401


class Desk:
    """Made once per process by `create_app`."""

    def __init__(self, settings: Settings, db: Database, broker: Broker) -> None:
        self.db = db
        self.settings = settings
        self.broker = broker
        self.hub = Hub(broker)
        self.presence = Presence(self.hub, broker)
        self.broadcasts = Broadcasts(settings, self.hub, self.presence)
        self.indexer = Indexer(db)
        self.writer = Writer(store_for(settings, db), self._announce)
        self._ended = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.parties: dict[int, tuple[str, str]] = {}
        """Conversation id → its two sides: they never change."""
        db.publish = self.broadcasts.events

    async def start(self) -> None:
        """Begin to serve conversations."""
        self.writer.start()
        await self.broker.start(self._receive, self.hub.resync_all)
        self.presence.start()
        self._tasks = [
            asyncio.create_task(self._close_revoked(), name="revocations"),
            asyncio.create_task(self.indexer.run(), name="search indexer"),
        ]

    async def stop(self) -> None:
        """Finish what was accepted, then say goodbye."""
        self._ended.set()
        self.indexer.stop()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.writer.stop()
        await self.hub.stop()
        await self.presence.stop()
        await self.broker.stop()

    def _announce(self, sent: Sequence[tuple[Sent, object]]) -> None:
        self.broadcasts.messages(sent)
        self.indexer.note({outcome.message.conversation_id for outcome, _ in sent})

    def _receive(self, payload: bytes) -> None:
        (self.presence if payload[:1] == b"p" else self.hub).receive(payload[1:])

    async def _close_revoked(self) -> None:
        """Look for ended sessions every 2 s: one indexed query, and right even when the broker lost the news."""
        looked_at = clock.now() - 5
        while not self._ended.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), REVOCATION_SECONDS)
            since, looked_at = looked_at - 5, clock.now()  # commits may be later than their timestamp
            try:
                async with self.db.reading() as session:
                    revoked = set(await sessions.revoked_since(session, since))
            except (SQLAlchemyError, OSError) as error:
                looked_at = since
                logger.warning("revoked sessions were not read: {}", error)
                continue
            ended = [socket for socket in self.hub.sockets if socket.identity.session_id in revoked]
            await asyncio.gather(*(socket.close(NOT_AUTHENTICATED, "session ended") for socket in ended))


def desk_of(connection: HTTPConnection) -> Desk:
    """The application's desk."""
    return cast(Desk, connection.app.state.desk)
