"""The verbs of the audit log. What is done is written with the deed; what is looked at, before the answer leaves.

A look is noted while reading and written when the unit ends, in a short write unit of its own: an answer that shows
something and an entry that tells of it come together, or neither does.
"""

import hashlib
from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit.models import Action, AuditEntry
from app.kernel import db as units
from app.kernel.clock import now
from app.kernel.identity import Identity, Role
from app.kernel.ids import new_id
from app.kernel.limits import caller_address
from app.kernel.sql import table_of, upsert

LOOK_SECONDS = 600  # one admin, one subject: one entry in so long


async def done(
    session: AsyncSession,
    me: Identity,
    action: Action,
    subject: tuple[str, object] = ("", ""),
    merchant_id: str | None = None,
    **details: Any,
) -> None:
    """An admin did `action` in this write unit. Nothing is written for anybody else: their acts are no supervision."""
    if me.role is Role.ADMIN:
        connection = await session.connection()
        await connection.execute(insert(table_of(AuditEntry)), [_row(me, action, subject, merchant_id, details)])


async def looked(
    session: AsyncSession,
    me: Identity,
    action: Action,
    subject: tuple[str, object] = ("", ""),
    merchant_id: str | None = None,
    **details: Any,
) -> None:
    """An admin is being shown `subject`, or what `details` tell. Others look at what is theirs: nothing is written."""
    if me.role is not Role.ADMIN:
        return
    row = _row(me, action, subject, merchant_id, details)
    row["once_key"] = _once(row)
    known = select(AuditEntry.id).where(col(AuditEntry.once_key) == row["once_key"])
    if (await session.exec(known)).first() is None:
        units.afterwards(session, partial(_keep, rows=[row]))


async def looked_at_many(
    session: AsyncSession, me: Identity, action: Action, subjects: Sequence[tuple[str, object, str]]
) -> None:
    """The same for several `(kind, id, shop)` at once."""
    if me.role is not Role.ADMIN or not subjects:
        return
    rows = [_row(me, action, (kind, number), merchant_id, {}) for kind, number, merchant_id in subjects]
    units.afterwards(session, partial(_keep, rows=[row | {"once_key": _once(row)} for row in rows]))


async def _keep(session: AsyncSession, *, rows: list[dict[str, Any]]) -> None:
    """The unique key decides: of two looks at once one is written."""
    await upsert(session, AuditEntry, rows, key=["once_key"], update=[])


def _row(
    me: Identity, action: Action, subject: tuple[str, object], merchant_id: str | None, details: dict[str, Any]
) -> dict[str, Any]:
    return {
        "id": new_id(),
        "actor_id": me.user_id,
        "action": str(action),
        "subject_kind": subject[0],
        "subject_id": str(subject[1])[:50],
        "merchant_id": merchant_id,
        "ip": caller_address.get()[:45],
        "at": now(),
        "details": {name: value for name, value in details.items() if value not in (None, "", [])},
        "once_key": None,
    }


def _once(row: dict[str, Any]) -> str:
    told = repr(sorted(row["details"].items())).encode()
    extra = hashlib.sha256(told).hexdigest()[:16] if row["details"] else ""
    what = (row["actor_id"], row["action"], row["subject_id"], row["merchant_id"] or "", row["at"] // LOOK_SECONDS)
    return ":".join(map(str, (*what, extra)))
