"""The moving parts of the chat in one process, put together."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import cast

from loguru import logger
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import HTTPConnection

from app.accounts import api_keys, sessions, users
from app.chat.blocked_buyers import BlockedBuyers
from app.chat.broadcasts import Broadcasts
from app.chat.dispatcher import Dispatcher
from app.chat.hub import Hub
from app.chat.indexer import Indexer
from app.chat.models import Conversation
from app.chat.plan import Sent
from app.chat.presence import Presence
from app.chat.reactions import Reactions
from app.chat.stores import store_for
from app.chat.typing_previews import TypingPreviews
from app.chat.viewing import Viewing
from app.chat.writer import Announce, Writer
from app.kernel import clock
from app.kernel.broker import Broker
from app.kernel.config import Settings
from app.kernel.db import Database
from app.kernel.errors import Forbidden
from app.kernel.identity import Identity, Role

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
        self.viewing = Viewing(self.hub, broker)
        self.typing_previews = TypingPreviews(db)
        self.blocked_buyers = BlockedBuyers(db)
        self.broadcasts = Broadcasts(settings, self.hub, self.presence)
        self.indexer = Indexer(db)
        self.reactions = Reactions(db)
        self.dispatcher = Dispatcher(db, self.hub, self.presence)
        self.writer = Writer(store_for(settings, db), self._announce)
        self._ended = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.on_messages: list[Announce] = []
        """Who else hears of committed messages: rooms above this one add themselves. They must return at once."""
        self.parties: dict[int, tuple[str, str]] = {}
        """Conversation id → its two sides: they never change."""
        self.suspended: frozenset[str] = frozenset()
        """Shops that take no messages, as of two seconds ago."""

    async def start(self) -> None:
        """Begin to serve conversations."""
        self.writer.start()
        await self.broker.start(self._receive, self.hub.resync_all)
        self.presence.start()
        self.viewing.start()
        self._tasks = [
            asyncio.create_task(self._close_revoked(), name="revocations"),
            asyncio.create_task(self.indexer.run(), name="search indexer"),
        ]

    def facts(self) -> dict[str, object]:
        """What the admins' page of the system says about this process."""
        return {
            "sockets": len(self.hub.sockets),
            "broker_up": self.broker.is_healthy,
            "reactions_waiting": self.reactions.waiting,
        }

    async def check_open(self, me: Identity, conversation_id: int) -> None:
        """403 for a buyer who writes to a suspended shop. Costs nothing while no shop is."""
        if not self.suspended or me.role is not Role.BUYER:
            return
        async with self.db.reading() as session:
            row = await session.get(Conversation, conversation_id)
        if row is not None and row.merchant_id in self.suspended:
            raise Forbidden("shop_suspended", "This shop is closed and takes no messages at the moment.")

    async def stop(self) -> None:
        """Finish what was accepted, then say goodbye."""
        self._ended.set()
        self.indexer.stop()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.writer.stop()
        await self.hub.stop()
        await self.viewing.stop()
        await self.presence.stop()
        await self.broker.stop()

    def _announce(self, sent: Sequence[tuple[Sent, object]]) -> None:
        self.broadcasts.messages(sent)
        self.indexer.note({outcome.message.conversation_id for outcome, _ in sent})
        self.reactions.note(sent)
        for hear in self.on_messages:
            hear(sent)

    def _receive(self, payload: bytes) -> None:
        rooms = {b"p": self.presence.receive, b"v": self.viewing.receive}
        rooms.get(payload[:1], self.hub.receive)(payload[1:])

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
                    self.suspended = await users.suspended_shops(session)
                    revoked |= set(await api_keys.ended_since(session, since))
            except (SQLAlchemyError, OSError) as error:
                looked_at = since
                logger.warning("revoked sessions were not read: {}", error)
                continue
            ended = [socket for socket in self.hub.sockets if socket.identity.session_id in revoked]
            await asyncio.gather(*(socket.close(NOT_AUTHENTICATED, "session ended") for socket in ended))


def desk_of(connection: HTTPConnection) -> Desk:
    """The application's desk."""
    return cast(Desk, connection.app.state.desk)
