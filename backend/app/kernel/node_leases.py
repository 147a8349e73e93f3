"""Node ids for Snowflakes, one per process, leased in the database so that no two processes draw the same ids."""

import asyncio
import os
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from loguru import logger
from sqlalchemy import case, delete, insert, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import Field, SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.kernel import clock, ids
from app.kernel.config import Settings
from app.kernel.db import Database
from app.kernel.sql import server_now

LEASE_SECONDS = 90
RENEW_SECONDS = 20
TRIES = 50


class NodeLease(SQLModel, table=True):
    """`holder` may draw ids as `node` until `expires_at`."""

    __tablename__ = "node_leases"

    node: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    holder: str = Field(max_length=120)
    expires_at: int


@asynccontextmanager
async def leased_node(db: Database, settings: Settings) -> AsyncIterator[int]:
    """Draw ids under a node id of our own while the block runs, and renew its lease."""
    if settings.snowflake_node_id is not None:
        ids.use_node(settings.snowflake_node_id)
        yield settings.snowflake_node_id
        return
    holder = f"{socket.gethostname()}:{os.getpid()}:{random.getrandbits(32):08x}"
    node = await _take(db, holder)
    renewal = asyncio.create_task(_keep(db, holder))
    try:
        yield node
    finally:
        renewal.cancel()
        await asyncio.gather(renewal, return_exceptions=True)
        async with db.writing() as session:
            # Not before the time of its last id has come: whoever got the node then could draw the same again.
            generator = ids.generator()
            mine = (col(NodeLease.node) == generator.node) & (col(NodeLease.holder) == holder)
            await session.exec(delete(NodeLease).where(mine, server_now() >= generator.last_second))


async def acquire(db: Database, holder: str) -> int:
    """A free or expired node id, taken by one conditional statement. Raises when all 1024 are in use."""
    for _ in range(TRIES):
        try:
            node = await db.write(lambda session: _try_acquire(session, holder))
        except IntegrityError:
            continue  # another process inserted the same node between our look and our insert
        if node is not None:
            return node
    raise RuntimeError("no free Snowflake node id")


async def _take(db: Database, holder: str) -> int:
    began = clock.monotonic()
    node = await acquire(db, holder)
    ids.use_node(node, valid_until=began + LEASE_SECONDS)
    return node


async def _try_acquire(session: AsyncSession, holder: str) -> int | None:
    """Leases are measured by the database's clock alone: a process whose own is wrong must not take a living node."""
    is_over = col(NodeLease.expires_at) < server_now()
    found = await session.exec(select(NodeLease.node, case((is_over, 1), else_=0)))
    leases: dict[int, int] = dict(found.all())
    free = [node for node in range(ids.MAX_NODE + 1) if leases.get(node, 1)]
    if not free:
        raise RuntimeError("all Snowflake node ids are leased")
    node = random.choice(free)
    values = {"holder": holder, "expires_at": server_now() + LEASE_SECONDS}
    if node not in leases:
        await session.exec(insert(NodeLease).values(node=node, **values))
        return node
    taken = await session.exec(update(NodeLease).where(col(NodeLease.node) == node, is_over).values(**values))
    return node if taken.rowcount else None


async def _keep(db: Database, holder: str) -> None:
    """Renew until cancelled. A node that was lost, or whose ids are ahead of a clock that went back, is left for

    another: waiting for the clock could take hours.
    """
    while True:
        await asyncio.sleep(RENEW_SECONDS)
        generator, began = ids.generator(), clock.monotonic()
        try:
            renewed = await db.write(partial(_renew, holder=holder, generator=generator))
            if renewed and not generator.is_behind:
                generator.valid_until = began + LEASE_SECONDS
                continue
            logger.error("node {}: {}; taking another", generator.node, "the clock went back" if renewed else "lost")
            await _take(db, holder)
        except (DBAPIError, OSError) as error:
            logger.warning("node lease {} was not renewed: {}", generator.node, error)


async def _renew(session: AsyncSession, *, holder: str, generator: ids.Snowflakes) -> int:
    """Until a lease after now, and after the last id, wherever the clock was that it got its time from."""
    last = generator.last_second
    until = case((server_now() > last, server_now()), else_=last) + LEASE_SECONDS
    mine = (col(NodeLease.node) == generator.node) & (col(NodeLease.holder) == holder)
    return (await session.exec(update(NodeLease).where(mine).values(expires_at=until))).rowcount
