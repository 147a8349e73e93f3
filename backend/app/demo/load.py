"""Bulk data for benchmarks and chaos: one shop with a full inbox, the same rows every time, in the demo's words.

Messages are laid down in the order of time, the conversations mixed, as life does it: a thread in one piece on the disk
would flatter the database.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from random import Random
from typing import Any

from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.models import DEFAULT_AVATAR, Staff, StaffRole, User
from app.chat.models import Channel, Conversation, Message, MessageType, Priority, Status
from app.demo.people import DAY_SECONDS
from app.demo.scripts import DEEDS, FOLDER
from app.kernel.clock import now
from app.kernel.db import Database
from app.kernel.identity import Role
from app.kernel.sql import table_of

FIRST_BUYER = 1_000_000  # the buyers are b1000000 …, beside the demo's
BATCH_ROWS = 20_000
SPAN_SECONDS = 365 * DAY_SECONDS
STATES = (Status.RESOLVED, Status.RESOLVED, Status.OPEN, Status.OPEN, Status.PENDING)

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Loaded:
    """What was made. Conversation n (from 1) has the id n and the buyer `buyer_of(n)`."""

    merchant_id: str
    conversations: int
    messages: int


@dataclass
class _Place:
    """A conversation after all of its messages: how many, when the last came, since when its buyer waits."""

    count: int = 0
    last: int = 0
    run: int = 0
    run_since: int = 0


async def load(db: Database, conversations: int = 10_000, messages: int = 1_000_000, merchant_id: str = "m1") -> Loaded:
    """Fill the inbox of `merchant_id`, who is made when there is no such user. At least one message each; one unit."""
    order = _order(conversations, messages)
    start = now() - SPAN_SECONDS

    def moment(index: int) -> int:
        return start + index * SPAN_SECONDS // messages

    places = _places(order, conversations, moment)

    async def fill(session: AsyncSession) -> Loaded:
        await _copy(session, User, _users(range(1, conversations + 1), start))
        if await session.get(User, merchant_id) is None:
            await _copy(session, User, iter([_user(merchant_id, Role.MERCHANT, start)]))
            session.add(Staff(user_id=merchant_id, merchant_id=merchant_id, role=StaffRole.OWNER, created_at=start))
            await session.flush()
        await _copy(session, Conversation, _conversations(places, merchant_id, start))
        await _copy(session, Message, _messages(order, merchant_id, moment))
        return Loaded(merchant_id, conversations, messages)

    return await db.write(fill)


def buyer_of(number: int) -> str:
    """The buyer of conversation `number`."""
    return f"b{FIRST_BUYER + number}"


def _order(conversations: int, messages: int) -> list[int]:
    """Which conversation each message belongs to: everybody one, the rest as uneven as shops know it."""
    chance = Random(2026)
    numbers = range(1, conversations + 1)
    weights = [chance.paretovariate(1.6) for _ in numbers]
    order = [*numbers, *chance.choices(numbers, weights, k=messages - conversations)]
    chance.shuffle(order)
    return order


def _places(order: Sequence[int], conversations: int, moment: Callable[[int], int]) -> list[_Place]:
    places = [_Place() for _ in range(conversations + 1)]
    for index, number in enumerate(order):
        place = places[number]
        place.count += 1
        place.last = moment(index)
        if not _is_by_buyer(number, place.count):
            place.run = 0
            continue
        place.run += 1
        if place.run == 1:
            place.run_since = place.last
    return places


def _is_by_buyer(number: int, seq: int) -> bool:
    return (number * 3 + seq * 7) % 5 < 3


@lru_cache
def _words() -> tuple[str, ...]:
    """Everything that is said in the demo."""
    entries = [entry for path in sorted(FOLDER.glob("*.json")) for entry in json.loads(path.read_text("utf-8"))]
    silent = DEEDS | {"pause", "image"}
    return tuple(line[1] for entry in entries for line in entry["lines"] if line[0] not in silent)


def _text(number: int, seq: int) -> str:
    words = _words()
    return words[(number * 31 + seq * 17) % len(words)]


def _user(user_id: str, role: Role, at: int) -> Row:
    return (user_id, f"load.{user_id}", role.value, DEFAULT_AVATAR, "", None, None, "", "", None, "", at, at)


def _users(numbers: range, at: int) -> Iterator[Row]:
    return (_user(buyer_of(number), Role.BUYER, at) for number in numbers)


def _conversations(places: Sequence[_Place], merchant_id: str, start: int) -> Iterator[Row]:
    for number, place in enumerate(places):
        if number == 0:
            continue
        buyer_id, status = buyer_of(number), STATES[number % len(STATES)]
        is_resolved = status is Status.RESOLVED
        unread = 0 if is_resolved else place.run
        yield (
            number,
            buyer_id,
            merchant_id,
            None if is_resolved else f"{buyer_id}:{merchant_id}",
            status.value,
            None if number % 3 else merchant_id,
            Priority.NORMAL.value,
            None,
            place.count,
            _text(number, place.count),
            MessageType.TEXT.value,
            buyer_id if place.run else merchant_id,
            place.last,
            0,
            unread,
            place.count,
            place.count - unread,
            place.count - unread,
            Channel.API.value,
            None if is_resolved or not place.run else place.run_since,
            None,
            start,
            place.last,
        )


def _messages(order: Sequence[int], merchant_id: str, moment: Callable[[int], int]) -> Iterator[Row]:
    seqs = [0] * (max(order) + 1)
    buyer, merchant, kind = Role.BUYER.value, Role.MERCHANT.value, MessageType.TEXT.value
    for index, number in enumerate(order):
        seq = seqs[number] = seqs[number] + 1
        sender_id, role = (buyer_of(number), buyer) if _is_by_buyer(number, seq) else (merchant_id, merchant)
        text, at = _text(number, seq), moment(index)
        yield (index + 1, number, seq, f"load-{seq}", sender_id, role, text, kind, None, None, at, None)


async def _copy(session: AsyncSession, model: type[SQLModel], rows: Iterator[Row]) -> None:
    """Rows in the table's column order, handed to the driver as they are: SQLAlchemy would double the time."""
    table = table_of(model)
    names = [column.name for column in table.columns if column.computed is None and column.name != "is_blocked"]
    connection = await session.connection()
    if connection.dialect.name == "postgresql":
        driver: Any = (await connection.get_raw_connection()).driver_connection
        async with driver.cursor() as cursor:
            async with cursor.copy(f"COPY {table.name} ({', '.join(names)}) FROM STDIN") as copy:
                for row in rows:
                    await copy.write_row(row)
        return
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    statement = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join([mark] * len(names))})"  # noqa: S608
    while batch := list(islice(rows, BATCH_ROWS)):
        await connection.exec_driver_sql(statement, batch)
