"""Visitors who never wrote: a device made a buyer of them, and nothing came of it."""

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import CursorResult, exists
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.models import AuthSession, Credential, Device, User
from app.chat.models import Conversation
from app.kernel.clock import now
from app.kernel.identity import Role


async def silent(session: AsyncSession, before: int, after: tuple[int, str], limit: int) -> list[tuple[int, str]]:
    """Visitors made before `before` (seconds) who can be forgotten, as (made at, id), from `after` on.

    Forgotten are buyers whom only a device knows: no password, no e-mail or phone number, no conversation, no session
    that stands. A visitor who comes back within the life of a session is not forgotten.
    """
    made, number = col(User.created_at), col(User.id)
    stands = (col(AuthSession.user_id) == number, col(AuthSession.revoked_at).is_(None))
    query = (
        select(User.created_at, User.id)
        .where(User.role == Role.BUYER, made < before, (made > after[0]) | ((made == after[0]) & (number > after[1])))
        .where(col(User.email).is_(None), col(User.phone).is_(None))
        .where(exists().where(col(Device.user_id) == number), ~exists().where(col(Credential.user_id) == number))
        .where(~exists().where(col(Conversation.customer_id) == number))
        .where(~exists().where(*stands, col(AuthSession.expires_at) > now()))
        .order_by(made, number)
        .limit(limit)
    )
    return [(at, user_id) for at, user_id in (await session.exec(query)).all()]


async def forget(session: AsyncSession, user_ids: Sequence[str]) -> int:
    """Delete these visitors with their devices and uploads; says how many. Who begins to write just now stays.

    What refers to a user does not cascade: the database refuses where this look was too early.
    """
    gone = 0
    for user_id in user_ids:
        silent = ~exists().where(col(Conversation.customer_id) == col(User.id))
        try:
            async with session.begin_nested():
                removed = await session.exec(delete(User).where(col(User.id) == user_id, silent))
                gone += cast("CursorResult[Any]", removed).rowcount
        except IntegrityError:
            continue
    return gone
