"""The verbs of rules: list, make, change, order, switch, remove; and the log of what they did."""

from typing import Any

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.models import Staff, User
from app.audit import entries as audit
from app.audit.models import Action
from app.automation import access
from app.automation.events import RulesChanged
from app.automation.models import AutomationRule, AutomationRun
from app.automation.shapes import (
    MAX_RULES,
    ActionKind,
    ConditionKind,
    RuleCreate,
    RuleOrder,
    RulePublic,
    RunPublic,
)
from app.chat.models import Conversation
from app.kernel import events
from app.kernel.clock import now
from app.kernel.errors import Conflict, Invalid
from app.kernel.identity import Identity
from app.kernel.paging import Listing, Page


async def listing(session: AsyncSession, me: Identity, merchant_id: str | None = None) -> Listing[RulePublic]:
    """The shop's rules in their order; for admins everybody's (the first hundred), or those of `merchant_id`."""
    wanted = [access.seen_by(me)]
    if merchant_id is not None:
        wanted.append(col(AutomationRule.merchant_id) == merchant_id)
    order = (col(AutomationRule.merchant_id), col(AutomationRule.position), col(AutomationRule.id))
    rows = (await session.exec(select(AutomationRule).where(*wanted).order_by(*order).limit(2 * MAX_RULES))).all()
    count = (await session.exec(select(func.count()).select_from(AutomationRule).where(*wanted))).one()
    return Listing(count=count, results=[RulePublic.model_validate(row) for row in rows])


async def get(session: AsyncSession, me: Identity, rule_id: int) -> RulePublic:
    """One that the caller may see."""
    return RulePublic.model_validate(await access.rule(session, me, rule_id))


async def create(session: AsyncSession, me: Identity, draft: RuleCreate) -> RulePublic:
    """A new rule at the end of the list. The owner only; 409 above fifty."""
    merchant_id = await access.own_shop(session, me)
    await check_people(session, merchant_id, draft)
    # The owner's row is the lock: two at once must not both be the fiftieth.
    await session.exec(select(Staff).where(Staff.user_id == merchant_id).with_for_update())
    mine = col(AutomationRule.merchant_id) == merchant_id
    count, last = (
        await session.exec(select(func.count(), func.coalesce(func.max(AutomationRule.position), 0)).where(mine))
    ).one()
    if count >= MAX_RULES:
        raise Conflict("too_many_rules", "A shop can have at most {max} rules.", max=MAX_RULES)
    row = AutomationRule(**_values(draft), merchant_id=merchant_id, position=last + 1)
    session.add(row)
    return await _changed(session, row)


async def change(session: AsyncSession, me: Identity, rule_id: int, draft: RuleCreate) -> RulePublic:
    """The whole rule anew; its place, its count and its log stay. The owner only."""
    row = await access.own_rule(session, me, rule_id)
    await check_people(session, row.merchant_id, draft)
    values = _values(draft)
    is_other = any(getattr(row, name) != value for name, value in values.items() if name not in ("name", "stops"))
    row.sqlmodel_update(values | {"updated_at": now()} | ({"enabled_at": now()} if is_other else {}))
    return await _changed(session, row)


async def switch(session: AsyncSession, me: Identity, rule_id: int, *, is_enabled: bool) -> RulePublic:
    """On: from now on, not for what happened meanwhile. The owner only."""
    row = await access.own_rule(session, me, rule_id)
    if is_enabled and not row.is_enabled:
        row.enabled_at = now()
    row.sqlmodel_update({"is_enabled": is_enabled, "updated_at": now()})
    return await _changed(session, row)


async def arrange(session: AsyncSession, me: Identity, order: RuleOrder) -> Listing[RulePublic]:
    """Put all rules of the shop into this order. The owner only; 409 when they are not the same any more."""
    merchant_id = await access.own_shop(session, me)
    mine = select(AutomationRule).where(AutomationRule.merchant_id == merchant_id).order_by(col(AutomationRule.id))
    rows = {row.id: row for row in (await session.exec(mine.with_for_update())).all()}
    if sorted(order.ids) != sorted(rows):
        raise Conflict("rules_changed", "The rules have changed meanwhile. Please look again.")
    for position, rule_id in enumerate(order.ids, start=1):
        rows[rule_id].position = position
        session.add(rows[rule_id])
    await session.flush()
    await events.emit(session, RulesChanged(merchant_id=merchant_id))
    return await listing(session, me)


async def move(session: AsyncSession, me: Identity, rule_id: int, by: int) -> None:
    """One place up (-1) or down (1); at the end it stays."""
    await access.own_rule(session, me, rule_id)
    ids = [rule.id for rule in (await listing(session, me)).results]
    at = ids.index(rule_id)
    to = max(0, min(len(ids) - 1, at + by))
    ids.insert(to, ids.pop(at))
    await arrange(session, me, RuleOrder(ids=ids))


async def remove(session: AsyncSession, me: Identity, rule_id: int) -> None:
    """Delete a rule with its log; what it did stays. The owner only."""
    row = await access.own_rule(session, me, rule_id)
    await session.delete(row)
    await session.flush()
    await events.emit(session, RulesChanged(merchant_id=row.merchant_id))


async def runs(session: AsyncSession, me: Identity, page: Page, rule_id: int | None = None) -> Listing[RunPublic]:
    """What the rules did, the newest first. The shop's people, and admins, of whom it is noted: it names buyers."""
    await audit.looked(session, me, Action.WALL_WATCHED)
    wanted = [access.seen_by(me), col(AutomationRun.is_match)]
    if rule_id is not None:
        wanted.append(col(AutomationRule.id) == (await access.rule(session, me, rule_id)).id)
    number = col(AutomationRule.id)
    counted = select(func.count()).select_from(AutomationRun).join(AutomationRule, number == AutomationRun.rule_id)
    count = (await session.exec(counted.where(*wanted))).one()
    joined = (
        select(AutomationRun, AutomationRule.name, User)
        .join(AutomationRule, number == col(AutomationRun.rule_id))
        .join(Conversation, col(Conversation.id) == col(AutomationRun.conversation_id))
        .join(User, col(User.id) == col(Conversation.customer_id))
        .where(*wanted)
    )
    newest = joined.order_by(col(AutomationRun.id).desc()).offset(page.offset).limit(page.page_size)
    results = [
        RunPublic.model_validate(run.model_dump() | {"rule_name": name, "buyer": buyer.name})
        for run, name, buyer in (await session.exec(newest)).all()
    ]
    return Listing(count=count, results=results)


async def check_people(session: AsyncSession, merchant_id: str, draft: RuleCreate) -> None:
    """400 when the rule names somebody who does not work for the shop."""
    named = {one.value for one in draft.actions if one.kind is ActionKind.ASSIGN}
    named |= {one.values[0] for one in draft.conditions if one.kind is ConditionKind.ASSIGNEE}
    named -= {"", merchant_id}
    if not named:
        return
    works_here = select(Staff.user_id).where(Staff.merchant_id == merchant_id, col(Staff.user_id).in_(named))
    if named - set((await session.exec(works_here)).all()):
        raise Invalid("assignee_not_in_team", "Only a member of the shop's team can be in charge.")


def _values(draft: RuleCreate) -> dict[str, Any]:
    return draft.model_dump(mode="json") | {"name": draft.name.strip()}


async def _changed(session: AsyncSession, row: AutomationRule) -> RulePublic:
    session.add(row)
    await session.flush()
    await events.emit(session, RulesChanged(merchant_id=row.merchant_id))
    return RulePublic.model_validate(row)
