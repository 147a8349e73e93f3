"""Who may: a shop's people look at its rules, its owner changes them, admins look at everybody's."""

from sqlalchemy import ColumnElement, false, true
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.access import owned_shop
from app.automation.models import AutomationRule
from app.kernel.errors import Forbidden, NotFound
from app.kernel.identity import Identity, Role


def seen_by(me: Identity) -> ColumnElement[bool]:
    """The rules that `me` may see."""
    if me.role is Role.ADMIN:
        return true()
    if me.role is Role.MERCHANT and me.merchant_id is not None:
        return col(AutomationRule.merchant_id) == me.merchant_id
    return false()


async def rule(session: AsyncSession, me: Identity, rule_id: int, *, lock: bool = False) -> AutomationRule:
    """The row, when `me` may see it; with `lock` until the end of the write unit."""
    query = select(AutomationRule).where(col(AutomationRule.id) == rule_id, seen_by(me))
    found = (await session.exec(query.with_for_update() if lock else query)).first()
    if found is None:
        raise NotFound("rule_not_found", "There is no such rule.")
    return found


async def own_rule(session: AsyncSession, me: Identity, rule_id: int) -> AutomationRule:
    """The row, locked, when `me` is the owner of its shop: 404 for another shop's, 403 for agents and admins."""
    row = await rule(session, me, rule_id, lock=True)
    await own_shop(session, me)
    return row


async def own_shop(session: AsyncSession, me: Identity) -> str:
    """The shop whose rules `me` manages; 403 for agents and admins."""
    if me.role is Role.ADMIN:
        raise Forbidden("read_only", "Admins can see rules, but not change them.")
    return await owned_shop(session, me)
