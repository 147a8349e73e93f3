"""Who may: selects that scope every query, so that a foreign row is not found anywhere."""

from sqlalchemy import ColumnElement, false, true
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import entries as audit
from app.audit.models import Action
from app.chat.models import Conversation
from app.kernel.errors import Forbidden, NotFound, read_only
from app.kernel.identity import Identity, Role

CUSTOMER, MERCHANT = "customer", "merchant"


def seen_by(me: Identity) -> ColumnElement[bool]:
    """The conversations that `me` may see: a buyer's own, the shop's, or all for an admin."""
    if me.role is Role.ADMIN:
        return true()
    if me.role is Role.BUYER:
        return col(Conversation.customer_id) == me.user_id
    if me.role is Role.MERCHANT and me.merchant_id is not None:
        return col(Conversation.merchant_id) == me.merchant_id
    return false()


def side_of(me: Identity) -> str | None:
    """The side on which `me` reads and writes; None for those who only watch."""
    return {Role.BUYER: CUSTOMER, Role.MERCHANT: MERCHANT}.get(me.role)


def check_may_write(me: Identity) -> None:
    """Refuse admins (and the platform's own accounts) before anything is looked up."""
    if side_of(me) is None:
        raise read_only()


def check_changes(me: Identity) -> None:
    """Refuse all but the merchant's side: what is set on a conversation is theirs."""
    if me.role is not Role.MERCHANT:
        raise Forbidden("read_only", "Only the merchant's side may change a conversation.")


def check_sees_inside(me: Identity) -> None:
    """Refuse buyers: notes and activities are the merchant's side's."""
    if me.role not in (Role.MERCHANT, Role.ADMIN):
        raise NotFound("conversation_not_found", "There is no such conversation.")


async def conversation(
    session: AsyncSession, me: Identity, conversation_id: int, *, lock: bool = False
) -> Conversation:
    """The row, when `me` may see it; with `lock` until the end of the write unit. That an admin looks is written."""
    query = select(Conversation).where(col(Conversation.id) == conversation_id, seen_by(me))
    found = (await session.exec(query.with_for_update() if lock else query)).first()
    if found is None:
        raise NotFound("conversation_not_found", "There is no such conversation.")
    await opened(session, me, found.id, found.merchant_id)
    return found


async def opened(session: AsyncSession, me: Identity, conversation_id: int, merchant_id: str) -> None:
    """`me` is about to see inside one conversation."""
    await audit.looked(session, me, Action.CONVERSATION_OPENED, ("conversation", conversation_id), merchant_id)
