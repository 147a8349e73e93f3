"""What the merchant's side did with a conversation: append-only lines that stand in the thread by `after_seq`."""

from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.chat import access
from app.chat.events import ActivityHappened
from app.chat.models import Activity, ActivityPublic, Conversation
from app.kernel import events
from app.kernel.db import moment
from app.kernel.identity import Identity
from app.kernel.paging import Listing

MAX_LISTED = 500


async def listing(session: AsyncSession, me: Identity, conversation_id: int) -> Listing[ActivityPublic]:
    """The newest 500, oldest first. Merchant's side and admins."""
    access.check_sees_inside(me)
    await access.conversation(session, me, conversation_id)
    query = select(Activity).where(col(Activity.conversation_id) == conversation_id)
    rows = (await session.exec(query.order_by(col(Activity.id).desc()).limit(MAX_LISTED))).all()
    results = [ActivityPublic.model_validate(row) for row in reversed(rows)]
    return Listing(count=len(results), results=results)


async def record(session: AsyncSession, me: Identity, conversation: Conversation, kind: str, value: str | None) -> None:
    """One line, told to the merchant's side."""
    activity = Activity(
        conversation_id=conversation.id,
        actor_id=me.user_id,
        kind=kind,
        value=value,
        after_seq=conversation.last_seq,
        created_at=moment(session),
    )
    session.add(activity)
    await session.flush()
    shown = ActivityPublic.model_validate(activity)
    await events.emit(session, ActivityHappened(merchant_id=conversation.merchant_id, activity=shown))


async def record_changes(session: AsyncSession, me: Identity, row: Conversation, values: dict[str, Any]) -> None:
    """A line for each of `values` that differs from `row`."""
    for kind, value in lines_of(row, values):
        await record(session, me, row, kind, value)


def lines_of(row: Conversation, values: dict[str, Any]) -> list[tuple[str, str | None]]:
    """Kind and value of the line for each of `values` that differs from `row`."""
    lines: list[tuple[str, str | None]] = []
    for name, value in values.items():
        if value == getattr(row, name) or name == "snoozed_until":
            continue
        if name == "assignee_id":
            lines.append(("assigned" if value else "unassigned", value))
        else:
            lines.append((name, str(value)))
    return lines
