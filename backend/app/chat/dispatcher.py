"""Routing as one process does it: it hears what may change a queue, drains it, and tells buyers where they stand."""

import asyncio
from collections.abc import Collection, Sequence
from functools import partial

from loguru import logger
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.events import AvailabilityChanged, StaffChanged, StaffRemoved
from app.chat import frames, routing
from app.chat.attendance import Attendance
from app.chat.events import ConversationChanged
from app.chat.hub import Delivery, Hub, person
from app.chat.models import Conversation, Status
from app.chat.presence import Presence
from app.chat.reactions import Reaction, Said
from app.kernel.db import Database
from app.kernel.errors import AppError
from app.kernel.events import Event
from app.kernel.identity import Role
from app.kernel.pace import Pace

LOOK_SECONDS = 1.0  # until somebody who came to the desk is noticed
IDLE_SECONDS = 5.0
TROUBLE_SECONDS = 1.0
MAX_TOLD = 500  # buyers of one queue who are told their place


class Dispatcher:
    """One per process. It costs nothing while no shop routes."""

    def __init__(self, db: Database, hub: Hub, presence: Presence) -> None:
        self._db = db
        self._hub = hub
        self._attendance = Attendance(db, hub, presence)
        self._shops: set[str] = set()
        self._noted: dict[str, routing.Waiting] = {}
        self._told: dict[str, dict[int, tuple[int, str]]] = {}
        """Shop → conversation → the place that its buyer was told, and the buyer."""
        self._pace = Pace()
        self._task: asyncio.Task[None] | None = None

    def reaction(self) -> Reaction:
        """What makes us hear of messages."""
        return Reaction("routing", self._wanted, self._hear)

    def note(self, merchant_id: str, touched: routing.Waiting | None = None) -> None:
        """Look at this shop's queue soon; the buyers of `touched` conversations are told their place in any case."""
        if merchant_id in self._shops:
            self._noted.setdefault(merchant_id, {}).update(touched or {})
            self._pace.wake()

    def events(self, happened: Sequence[Event]) -> None:
        """What a unit of work emitted, after its commit."""
        if not self._shops:
            return
        for event in happened:
            match event:
                case ConversationChanged(conversation=one):
                    self.note(one.merchant_id, {one.id: one.customer_id})
                case AvailabilityChanged() | StaffChanged() | StaffRemoved():
                    self.note(event.merchant_id)

    async def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name="dispatcher")

    async def stop(self) -> None:
        """End after the present look."""
        self._pace.end()
        if self._task is not None:
            await self._task

    async def catch_up(self) -> None:
        """Do at once what there is to do. Tests call it instead of waiting."""
        async with self._db.reading() as session:
            await self._wanted(session)
        await self._attendance.look(self._shops, is_beat=True)
        for merchant_id in self._shops:
            self.note(merchant_id)
        await self._serve_noted()

    async def _run(self) -> None:
        while not self._pace.is_ended:
            try:
                for merchant_id in await self._attendance.look(self._shops):
                    self.note(merchant_id)
                await self._serve_noted()
            except (SQLAlchemyError, OSError) as error:
                logger.warning("dispatcher: not now: {}", error)
                await self._pace.rest(TROUBLE_SECONDS)
            except Exception as error:  # one shop's trouble must not end the routing of all
                logger.opt(exception=error).error("dispatcher: broke")
                await self._pace.rest(TROUBLE_SECONDS)
            await self._pace.until_woken(LOOK_SECONDS if self._shops else IDLE_SECONDS)

    async def _wanted(self, session: AsyncSession) -> Collection[str]:
        self._shops = await routing.shops(session)
        return self._shops

    async def _hear(self, said: Said) -> None:
        """New messages: a conversation may wait now, or wait no more."""
        async with self._db.reading() as session:
            row = await session.get(Conversation, said.conversation_id)
        if row is None or row.assignee_id is not None:
            return
        is_answered = any(message.sender_role is Role.MERCHANT for message in said.messages)
        if is_answered or (row.status is Status.OPEN and row.waiting_since is not None):
            await self._serve(said.merchant_id, {said.conversation_id: said.customer_id})

    async def _serve_noted(self) -> None:
        while self._noted:
            merchant_id = next(iter(self._noted))  # the first: who failed and is noted again waits behind the others
            touched = self._noted.pop(merchant_id)
            try:
                await self._serve(merchant_id, touched)
            except (SQLAlchemyError, OSError, AppError):  # anything else waits for the minute's job
                self.note(merchant_id, touched)
                raise

    async def _serve(self, merchant_id: str, touched: routing.Waiting) -> None:
        while given := await self._db.write(partial(routing.drain, merchant_id=merchant_id)):
            touched = touched | given
        async with self._db.reading() as session:
            waiting = await routing.queue(session, merchant_id, MAX_TOLD)
        self._tell(merchant_id, waiting, touched)

    def _tell(self, merchant_id: str, waiting: routing.Waiting, touched: routing.Waiting) -> None:
        told = self._told.pop(merchant_id, {})
        stand = {number: (place, buyer) for place, (number, buyer) in enumerate(waiting.items(), 1)}
        news = {number: at for number, at in stand.items() if told.get(number) != at or number in touched}
        gone = {number: buyer for number, (_, buyer) in told.items() if number not in stand}
        gone |= {number: buyer for number, buyer in touched.items() if number not in stand}
        if stand:
            self._told[merchant_id] = stand
        places = [(number, buyer, place) for number, (place, buyer) in news.items()]
        self._hub.deliver(
            [
                Delivery([person(buyer)], frames.queue(number, place))
                for number, buyer, place in (*places, *((number, buyer, None) for number, buyer in gone.items()))
            ]
        )
