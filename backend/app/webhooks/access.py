"""Who may: a shop's people look at its endpoints, its owner changes them, admins look at everybody's."""

from sqlalchemy import ColumnElement, false, true
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.access import owned_shop
from app.kernel.errors import Forbidden, NotFound
from app.kernel.identity import Identity, Role
from app.webhooks.models import WebhookEndpoint


def seen_by(me: Identity) -> ColumnElement[bool]:
    """The endpoints that `me` may see."""
    if me.role is Role.ADMIN:
        return true()
    if me.role is Role.MERCHANT and me.merchant_id is not None:
        return col(WebhookEndpoint.merchant_id) == me.merchant_id
    return false()


async def endpoint(session: AsyncSession, me: Identity, webhook_id: int, *, lock: bool = False) -> WebhookEndpoint:
    """The row, when `me` may see it; with `lock` until the end of the write unit."""
    query = select(WebhookEndpoint).where(col(WebhookEndpoint.id) == webhook_id, seen_by(me))
    found = (await session.exec(query.with_for_update() if lock else query)).first()
    if found is None:
        raise NotFound("webhook_not_found", "There is no such webhook.")
    return found


async def own_endpoint(session: AsyncSession, me: Identity, webhook_id: int) -> WebhookEndpoint:
    """The row, locked, when `me` is the owner of its shop: 404 for another shop's, 403 for agents and admins."""
    row = await endpoint(session, me, webhook_id, lock=True)
    await own_shop(session, me)
    return row


async def own_shop(session: AsyncSession, me: Identity) -> str:
    """The shop whose webhooks `me` manages; 403 for agents and admins."""
    if me.role is Role.ADMIN:
        raise Forbidden("read_only", "Admins look at webhooks and change none.")
    return await owned_shop(session, me)
