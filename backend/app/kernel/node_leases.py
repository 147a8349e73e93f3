"""Node ids for Snowflakes, one per process, leased in the database so that no two processes draw the same ids."""

import asyncio
import os
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from loguru import logger
from sqlalchemy import delete, insert, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import Field, SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.kernel import clock, ids
from app.kernel.config import Settings
from app.kernel.db import Database

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
    node = await acquire(db, holder)
    ids.use_node(node, valid_until_ms=clock.now_ms() + LEASE_SECONDS * 1000)
    renewal = asyncio.create_task(_keep(db, node, holder))
    try:
        yield node
    finally:
        renewal.cancel()
        await asyncio.gather(renewal, return_exceptions=True)
        async with db.writing() as session:
            await session.exec(delete(NodeLease).where(col(NodeLease.node) == node, col(NodeLease.holder) == holder))


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


async def _try_acquire(session: AsyncSession, holder: str) -> int | None:
    now = clock.now()
    leases = {lease.node: lease.expires_at for lease in await session.exec(select(NodeLease))}
    free = [node for node in range(ids.MAX_NODE + 1) if leases.get(node, 0) < now]
    if not free:
        raise RuntimeError("all Snowflake node ids are leased")
    node = random.choice(free)
    values = {"holder": holder, "expires_at": now + LEASE_SECONDS}
    if node not in leases:
        await session.exec(insert(NodeLease).values(node=node, **values))
        return node
    taken = await session.exec(
        update(NodeLease).where(col(NodeLease.node) == node, col(NodeLease.expires_at) < now).values(**values)
    )
    return node if taken.rowcount else None


async def _keep(db: Database, node: int, holder: str) -> None:
    while True:
        await asyncio.sleep(RENEW_SECONDS)
        until = clock.now() + LEASE_SECONDS
        statement = (
            update(NodeLease)
            .where(col(NodeLease.node) == node, col(NodeLease.holder) == holder)
            .values(expires_at=until)
        )
        try:
            async with db.writing() as session:
                renewed = (await session.exec(statement)).rowcount
        except (DBAPIError, OSError) as error:
            logger.warning("node lease {} was not renewed: {}", node, error)
            continue
        if renewed:
            ids.generator().valid_until_ms = until * 1000
        else:
            logger.error("node lease {} is lost; taking another", node)
            ids.use_node(await acquire(db, holder), valid_until_ms=until * 1000)
            node = ids.generator().node
