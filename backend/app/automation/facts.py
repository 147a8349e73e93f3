"""What a conversation is like now, as rules see it. A fixed number of statements."""

from collections.abc import Iterable

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import hours, opening
from app.accounts.models import User
from app.automation.matching import Facts
from app.automation.shapes import Condition, ConditionKind
from app.chat import labels
from app.chat.models import Conversation
from app.chat.visits import Visit
from app.kernel.clock import now
from app.kernel.db import settings_in


async def of(session: AsyncSession, row: Conversation, conditions: Iterable[Condition]) -> Facts:
    """The facts; those that cost a statement only when a condition asks for them."""
    asked = {condition.kind for condition in conditions}
    at = now()
    facts = Facts(
        at=at,
        status=row.status,
        assignee_id=row.assignee_id,
        priority=row.priority,
        labels=set((await labels.of(session, [row.id])).get(row.id, ())),
        channel=row.channel,
        waiting_since=row.waiting_since,
    )
    if ConditionKind.LANGUAGE in asked:
        facts.language = (await languages(session, row.merchant_id, {row.customer_id}))[row.customer_id]
    if ConditionKind.VISIT in asked:
        facts.is_first = (await first_talks(session, row.merchant_id, {row.customer_id}))[row.customer_id] == row.id
    if ConditionKind.HOURS in asked:
        timetable = await opening.timetable(session, settings_in(session), row.merchant_id, at)
        facts.is_open = hours.is_open(timetable, at)
    return facts


async def languages(session: AsyncSession, merchant_id: str, customer_ids: Iterable[str]) -> dict[str, str]:
    """Buyer → the language of the browser, else the one chosen for the account, else nothing."""
    at_shop = (col(Visit.customer_id) == col(User.id)) & (col(Visit.merchant_id) == merchant_id)
    query = select(User.id, User.locale, Visit.language).outerjoin(Visit, at_shop).where(col(User.id).in_(customer_ids))
    return {user_id: spoken or chosen for user_id, chosen, spoken in (await session.exec(query)).all()}


async def first_talks(session: AsyncSession, merchant_id: str, customer_ids: Iterable[str]) -> dict[str, int]:
    """Buyer → the first conversation with the shop."""
    theirs = (col(Conversation.merchant_id) == merchant_id, col(Conversation.customer_id).in_(customer_ids))
    query = select(Conversation.customer_id, func.min(Conversation.id)).where(*theirs)
    return dict((await session.exec(query.group_by(col(Conversation.customer_id)))).all())
