"""Invitations to a shop's team: a link that works once, for seven days, until somebody takes it back.

Only the SHA-256 of the link's token is stored, so the link is shown once: in the answer that made it, or in a mail.
"""

import secrets
from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Annotated, Any, cast

from pydantic import BaseModel, ConfigDict, EmailStr, StringConstraints
from pydantic import Field as Part
from sqlalchemy import CursorResult, delete, update
from sqlmodel import Field, SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import access, passwords, sessions, staff
from app.accounts.models import USER_ID_LENGTH, SessionKind, Staff, StaffRole, User
from app.accounts.names import Line, Username
from app.accounts.sessions import Client, SignedIn
from app.accounts.shapes import Locale, NewPassword, StaffCreate
from app.kernel.clock import now
from app.kernel.config import Settings
from app.kernel.db import Database, settings_in
from app.kernel.errors import AppError, Conflict, NotFound
from app.kernel.identity import Identity
from app.kernel.models import Id, UserId, id_column, time_column
from app.kernel.sealing import hashed
from app.messengers import mail

GOOD_DAYS = 7
MAX_OPEN = 50  # of one shop
SHOWN_SECONDS = 30 * 86_400  # how long a used or ended one stays in the list


class Invitation(SQLModel, table=True):
    """One link. Once it was used or taken back it opens nothing any more."""

    __tablename__ = "invitations"

    id: Id = id_column()
    merchant_id: UserId = Field(foreign_key="users.id", ondelete="CASCADE", max_length=USER_ID_LENGTH, index=True)
    token_hash: str = Field(max_length=64, unique=True, exclude=True)
    role: str = Field(max_length=20)
    email: str | None = Field(default=None, max_length=254)
    """Where the link was sent; None: it was handed over otherwise."""
    created_by: str = Field(max_length=USER_ID_LENGTH)
    created_at: int = time_column(default_factory=now)
    expires_at: int = time_column()
    used_at: int | None = time_column(default=None)
    used_by: str | None = Field(default=None, max_length=USER_ID_LENGTH)
    revoked_at: int | None = time_column(default=None)


class InvitationState(StrEnum):
    """Whether the link still works, and why not."""

    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"
    REVOKED = "revoked"


class InvitationDraft(BaseModel):
    """Whom to invite. With `email` the link is sent there, in `locale`."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"role": "agent", "email": "xiaohe@example.com"}]})

    role: StaffRole = StaffRole.AGENT
    email: EmailStr | None = Part(default=None, max_length=254)
    locale: Locale = ""


class InvitationPublic(BaseModel):
    """An invitation as the owners of the shop see it."""

    id: Id
    role: StaffRole
    email: str | None
    state: InvitationState
    created_by: UserId
    created_at: int
    expires_at: int
    used_by: UserId | None


class InvitationWithLink(InvitationPublic):
    """With the link, which is in this answer only."""

    url: str


class Welcome(BaseModel):
    """What the page behind a link says."""

    shop_name: str
    shop_id: UserId
    avatar: str
    role: StaffRole


class Joining(BaseModel):
    """What an invited person chooses."""

    username: Username
    display_name: Annotated[Line, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    password: NewPassword


async def create(session: AsyncSession, me: Identity, draft: InvitationDraft) -> InvitationWithLink:
    """Make a link, and send it when an address is given. Owners only; 409 when fifty are open."""
    merchant_id = await access.owned_shop(session, me)
    if sum(one.state is InvitationState.OPEN for one in await listing(session, me)) >= MAX_OPEN:
        raise Conflict("too_many_invitations", "At most {most} invitations can be open at a time.", most=MAX_OPEN)
    token = secrets.token_urlsafe(32)
    row = Invitation(
        merchant_id=merchant_id,
        token_hash=hashed(token),
        role=draft.role,
        email=draft.email,
        created_by=me.user_id,
        expires_at=now() + GOOD_DAYS * 86_400,
    )
    session.add(row)
    await session.flush()
    url = f"{settings_in(session).base_url}/join/{token}"
    if draft.email is not None:
        await _post(session, me, row, draft, url)
    return InvitationWithLink(**_public(row, {me.user_id}).model_dump(), url=url)


async def listing(session: AsyncSession, me: Identity) -> list[InvitationPublic]:
    """Those of the last month and the open ones, newest first. Owners only."""
    merchant_id = await access.owned_shop(session, me)
    query = select(Invitation).where(Invitation.merchant_id == merchant_id)
    query = query.where(col(Invitation.created_at) > now() - SHOWN_SECONDS)
    rows = (await session.exec(query.order_by(col(Invitation.id).desc()).limit(200))).all()
    owners = await _owners(session, merchant_id)
    return [_public(row, owners) for row in rows]


async def revoke(session: AsyncSession, me: Identity, invitation_id: int) -> None:
    """The link stops working. 404 for another shop's, and for one that was used."""
    merchant_id = await access.owned_shop(session, me)
    mine = (Invitation.merchant_id == merchant_id, Invitation.id == invitation_id, col(Invitation.used_at).is_(None))
    row = (await session.exec(select(Invitation).where(*mine))).first()
    if row is None:
        raise NotFound("invitation_not_found", "There is no such invitation.")
    row.revoked_at = row.revoked_at or now()
    session.add(row)
    await session.flush()


async def look(session: AsyncSession, token: str) -> Welcome:
    """Whose team the link leads into. 410 with the reason when it leads nowhere any more."""
    row, shop = await _standing(session, token)
    return Welcome(shop_name=shop.name, shop_id=shop.id, avatar=shop.avatar, role=StaffRole(row.role))


async def accept(db: Database, settings: Settings, token: str, joining: Joining, client: Client) -> SignedIn:
    """Make the account and begin its console session. 410 when another was faster, 409 when the name is taken."""
    draft = StaffCreate(username=joining.username, password=joining.password, display_name=joining.display_name)
    async with db.reading() as session:
        await look(session, token)  # before the slow hash; decided again in the unit that writes
    password_hash = await passwords.hash_of(settings, draft.password)

    async def enter(session: AsyncSession) -> SignedIn:
        row, _ = await _standing(session, token)
        _, user = await staff.join(session, row.merchant_id, draft, password_hash, StaffRole(row.role))
        unused = (col(Invitation.id) == row.id, col(Invitation.used_at).is_(None), col(Invitation.revoked_at).is_(None))
        using = update(Invitation).where(*unused).values(used_at=now(), used_by=user.id)
        if cast("CursorResult[Any]", await session.exec(using)).rowcount != 1:
            raise _gone(InvitationState.USED)
        return await sessions.begin_for(session, settings, user.id, client, SessionKind.CONSOLE)

    return await db.write(enter)


async def sweep(session: AsyncSession, before: int, limit: int) -> int:
    """Delete up to `limit` invitations that expired before `before` (seconds): nobody asks for the addresses again."""
    ids = (await session.exec(select(Invitation.id).where(col(Invitation.expires_at) < before).limit(limit))).all()
    await session.exec(delete(Invitation).where(col(Invitation.id).in_(ids)))
    return len(ids)


async def _standing(session: AsyncSession, token: str) -> tuple[Invitation, User]:
    query = select(Invitation, User).join(User, col(User.id) == col(Invitation.merchant_id))
    found: Sequence[tuple[Invitation, User]] = (
        await session.exec(query.where(Invitation.token_hash == hashed(token)))
    ).all()
    if not found or found[0][1].is_blocked:
        raise AppError(410, "invitation_unknown", "This link is not valid. Please ask for a new invitation.")
    row, shop = found[0]
    state = _state(row, await _owners(session, row.merchant_id))
    if state is not InvitationState.OPEN:
        raise _gone(state)
    return row, shop


def _gone(state: InvitationState) -> AppError:
    if state is InvitationState.USED:
        return AppError(410, "invitation_used", "This invitation was used already. If it was you, please sign in.")
    if state is InvitationState.EXPIRED:
        return AppError(410, "invitation_expired", "This invitation has expired. Please ask for a new one.")
    return AppError(410, "invitation_revoked", "This invitation was withdrawn. Please ask for a new one.")


async def _post(session: AsyncSession, me: Identity, row: Invitation, draft: InvitationDraft, url: str) -> None:
    shop, sender = await session.get_one(User, row.merchant_id), await session.get_one(User, me.user_id)
    context = {"shop": shop.name, "sender": sender.name, "link": url, "days": GOOD_DAYS}
    await mail.send(
        session,
        to=draft.email or "",
        template="invitation",
        locale=draft.locale or sender.locale or "en",
        context=context,
        owner_id=me.user_id,
        idempotency_key=f"invitation-{row.id}",
        expires_at=row.expires_at,
    )


async def _owners(session: AsyncSession, merchant_id: str) -> set[str]:
    owners = select(Staff.user_id).where(Staff.merchant_id == merchant_id, Staff.role == StaffRole.OWNER)
    return set((await session.exec(owners)).all())


def _public(row: Invitation, owners: Collection[str]) -> InvitationPublic:
    fields = row.model_dump(include={"id", "email", "created_by", "created_at", "expires_at", "used_by"})
    return InvitationPublic(**fields, role=StaffRole(row.role), state=_state(row, owners))


def _state(row: Invitation, owners: Collection[str]) -> InvitationState:
    """An invitation is the word of an owner: with the ownership it ends, or who was sent away could come back by it."""
    if row.used_at is not None:
        return InvitationState.USED
    if row.revoked_at is not None or row.created_by not in owners:
        return InvitationState.REVOKED
    return InvitationState.EXPIRED if row.expires_at <= now() else InvitationState.OPEN
