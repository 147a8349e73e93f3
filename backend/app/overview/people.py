"""What an admin sees of a person and of shops beside the account itself: figures over the rooms below."""

from dataclasses import dataclass

from pydantic import BaseModel
from sqlalchemy import ColumnElement, case, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from app.accounts import sessions, users
from app.accounts.models import AuthSession, Staff, User
from app.accounts.shapes import UserPublic
from app.chat.models import Conversation, Message, Status
from app.files.urls import absolute
from app.kernel.clock import now
from app.kernel.config import Settings
from app.kernel.identity import Role
from app.kernel.paging import Page
from app.overview.audit_log import AuditEntryPublic, AuditFilters, listing

WEEK_SECONDS = 7 * 86_400
LAST_ACTS = 8


@dataclass(frozen=True, slots=True)
class Dossier:
    """One person."""

    user: UserPublic
    blocked_reason: str
    blocked_at: int | None
    shop: User | None
    is_owner: bool
    team_size: int
    sessions: list[AuthSession]
    conversations: int
    acts: list[AuditEntryPublic]
    """What admins did about this person, the newest first."""


class ShopRow(BaseModel):
    """One shop with its figures."""

    id: str
    name: str
    username: str
    avatar: str
    is_blocked: bool
    team: int
    open: int
    waiting: int
    oldest_wait: int | None
    messages: int
    last_activity: int | None


async def dossier(session: AsyncSession, settings: Settings, user_id: str) -> Dossier:
    """Everything about one person; 404 when there is none."""
    user = await users.get(session, user_id)
    public = await users.public(session, settings, user)
    shop = await session.get(User, public.merchant_id) if public.merchant_id else None
    team = select(func.count()).select_from(Staff).where(col(Staff.merchant_id) == public.merchant_id)
    acts = await listing(session, AuditFilters(subject=user_id), LAST_ACTS)
    return Dossier(
        user=public,
        blocked_reason=user.blocked_reason,
        blocked_at=user.blocked_at,
        shop=shop,
        is_owner=public.merchant_id == user_id,
        team_size=(await session.exec(team)).one() if public.merchant_id else 0,
        sessions=await sessions.listing(session, user_id),
        conversations=(await session.exec(_conversations_of(user))).one(),
        acts=acts.results,
    )


async def shops(
    session: AsyncSession, settings: Settings, page: Page, q: str = "", is_blocked: bool | None = None
) -> tuple[int, list[ShopRow]]:
    """Shops by name with what goes on in them; six statements, however many shops."""
    owner = aliased(User)
    wanted: list[ColumnElement[bool]] = [col(Staff.user_id) == col(Staff.merchant_id)]
    if q:
        columns = (owner.id, owner.username, owner.display_name, owner.email)
        wanted.append(or_(*(col(column).icontains(q, autoescape=True) for column in columns)))
    if is_blocked is not None:
        wanted.append(col(owner.blocked_at).is_not(None) if is_blocked else col(owner.blocked_at).is_(None))
    joined = select(owner).join(Staff, col(Staff.user_id) == col(owner.id)).where(*wanted)
    counted = select(func.count()).select_from(Staff).join(owner, col(owner.id) == col(Staff.user_id)).where(*wanted)
    count = (await session.exec(counted)).one()
    found = (
        await session.exec(joined.order_by(owner.display_name, col(owner.id)).offset(page.offset).limit(page.page_size))
    ).all()
    figures = await _figures(session, [shop.id for shop in found])
    return count, [
        ShopRow(
            id=shop.id,
            name=shop.name,
            username=shop.username,
            avatar=absolute(settings, shop.avatar),
            is_blocked=shop.is_blocked,
            **figures[shop.id],
        )
        for shop in found
    ]


def _conversations_of(user: User) -> SelectOfScalar[int]:
    counted = select(func.count()).select_from(Conversation)
    if user.role is Role.BUYER:
        return counted.where(col(Conversation.customer_id) == user.id)
    return counted.where(or_(col(Conversation.merchant_id) == user.id, col(Conversation.assignee_id) == user.id))


async def _figures(session: AsyncSession, ids: list[str]) -> dict[str, dict[str, int | None]]:
    figures: dict[str, dict[str, int | None]] = {
        number: {"team": 0, "open": 0, "waiting": 0, "oldest_wait": None, "messages": 0, "last_activity": None}
        for number in ids
    }
    shop = col(Conversation.merchant_id)
    team = select(Staff.merchant_id, func.count()).where(col(Staff.merchant_id).in_(ids))
    for number, size in (await session.exec(team.group_by(col(Staff.merchant_id)))).all():
        figures[number]["team"] = size
    is_open = col(Conversation.status) != Status.RESOLVED
    waits = is_open & col(Conversation.waiting_since).is_not(None)
    oldest = func.min(case((waits, col(Conversation.waiting_since))))
    standing = select(shop, func.count(case((is_open, 1))), func.count(case((waits, 1))), oldest)
    for number, opened, waiting, since in (await session.exec(standing.where(shop.in_(ids)).group_by(shop))).all():
        figures[number] |= {"open": opened, "waiting": waiting, "oldest_wait": since}
    latest = select(shop, func.max(col(Conversation.last_message_time))).where(col(Conversation.last_seq) > 0)
    for number, at in (await session.exec(latest.where(shop.in_(ids)).group_by(shop))).all():
        figures[number]["last_activity"] = at
    since = now() - WEEK_SECONDS
    recent = select(shop, func.count()).select_from(Message)
    recent = recent.join(Conversation, col(Conversation.id) == col(Message.conversation_id))
    recent = recent.where(shop.in_(ids), col(Conversation.last_message_time) >= since)
    for number, messages in (await session.exec(recent.where(col(Message.created_at) >= since).group_by(shop))).all():
        figures[number]["messages"] = messages
    return figures
