"""Who is asked about what happened: the rules of a shop in their order, until one that stops has acted."""

from collections.abc import Collection, Sequence

from sqlalchemy import exists
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.models import User
from app.automation import acting, triggers
from app.automation.models import AutomationRule, AutomationRun
from app.automation.shapes import ABOUT_MESSAGES, EventName
from app.automation.triggers import Trigger
from app.chat.desk import Desk
from app.chat.models import Activity, Conversation
from app.chat.reactions import Reaction, Said
from app.kernel.clock import now
from app.kernel.identity import Role

LATE_SECONDS = 86_400  # somebody whose time was over before that is history
MAX_WAITING = 500  # of one rule and one minute
SETTLE_SECONDS = 30  # who began a run longer ago is not at it any more


def reaction(desk: Desk) -> Reaction:
    """What rules do about messages."""

    async def react(said: Said) -> None:
        async with desk.db.reading() as session:
            rules = await enabled(session, said.merchant_id, ABOUT_MESSAGES)
        if not rules:
            return
        for message in said.messages:
            if message.sender_role in (Role.BUYER, Role.MERCHANT):
                is_buyer = message.sender_role is Role.BUYER
                trigger = triggers.of_message(message.seq, is_buyer, message.created_at, message.content)
                await consider(desk, rules, said.conversation_id, trigger)

    return Reaction("automation", _shops, react)


async def consider(desk: Desk, rules: Sequence[AutomationRule], conversation_id: int, trigger: Trigger) -> None:
    """Ask the rules that it concerns, in their order."""
    for rule in rules:
        if not triggers.is_asked(rule, trigger):
            continue
        if await acting.ask(desk, rule, conversation_id, trigger) and rule.stops:
            return


async def enabled(session: AsyncSession, merchant_id: str, about: Collection[EventName]) -> Sequence[AutomationRule]:
    """The shop's rules about these events that are on, in their order."""
    query = select(AutomationRule).where(
        AutomationRule.merchant_id == merchant_id, col(AutomationRule.is_enabled), col(AutomationRule.event).in_(about)
    )
    return (await session.exec(query.order_by(col(AutomationRule.position), col(AutomationRule.id)))).all()


async def has_any(session: AsyncSession, merchant_id: str, about: EventName) -> bool:
    """Whether somebody of the shop wants to know."""
    wanted = (AutomationRule.merchant_id == merchant_id, col(AutomationRule.is_enabled), AutomationRule.event == about)
    return (await session.exec(select(AutomationRule.id).where(*wanted).limit(1))).first() is not None


async def started(desk: Desk, conversation_id: int) -> None:
    """A conversation began."""
    async with desk.db.reading() as session:
        row = await session.get(Conversation, conversation_id)
        rules = await enabled(session, row.merchant_id, [EventName.CREATED]) if row else []
    if row is not None:
        await consider(desk, rules, row.id, triggers.of_start(row.created_at))


async def changed(desk: Desk, conversation_id: int, actor_id: str, at: int) -> None:
    """Somebody changed something in the second `at`."""
    query = select(Activity.kind).where(
        Activity.conversation_id == conversation_id, Activity.actor_id == actor_id, Activity.created_at == at
    )
    async with desk.db.reading() as session:
        row = await session.get(Conversation, conversation_id)
        rules = await enabled(session, row.merchant_id, [EventName.UPDATED]) if row else []
        kinds = frozenset(triggers.CHANGES[kind] for kind in await session.exec(query) if kind in triggers.CHANGES)
    await consider(desk, rules, conversation_id, triggers.of_changes(actor_id, at, kinds))


async def look_at_waiting(desk: Desk) -> int:
    """Ask the rules about those whose time is over; says how many conversations that were."""
    async with desk.db.reading() as session:
        shops = sorted(await _shops_about(session, [EventName.WAITING]))
        rules = [rule for shop in shops for rule in await enabled(session, shop, [EventName.WAITING])]
        due: dict[int, tuple[str, int]] = {}
        for rule in rules:
            due |= {number: (rule.merchant_id, since) for number, since in await _due(session, rule)}
    for number, (merchant_id, since) in sorted(due.items()):
        stopped: set[int] = set()  # moments, in minutes of waiting: what ends one leaves the others
        for rule in rules:
            trigger = triggers.of_waiting(since, rule.waiting_minutes)
            if rule.merchant_id != merchant_id or not rule.enabled_at <= trigger.at <= now():
                continue
            if rule.waiting_minutes in stopped:
                await acting.pass_over(desk, rule, number, trigger)
            elif await acting.ask(desk, rule, number, trigger) and rule.stops:
                stopped.add(rule.waiting_minutes)
    return len(due)


async def finish_runs(desk: Desk) -> int:
    """Say what a process that died left unsaid; says how many runs that were."""
    left = select(AutomationRun).where(
        col(AutomationRun.finished_at).is_(None), col(AutomationRun.created_at) < now() - SETTLE_SECONDS
    )
    async with desk.db.reading() as session:
        runs = (await session.exec(left.order_by(col(AutomationRun.id)).limit(100))).all()
    for run in runs:
        await acting.finish(desk, run)
    return len(runs)


async def _due(session: AsyncSession, rule: AutomationRule) -> Sequence[tuple[int, int]]:
    """Conversations of the shop whose buyer has waited long enough, and at which the rule has not looked."""
    since, latest = col(Conversation.waiting_since), now() - rule.waiting_minutes * 60
    looked = exists().where(
        col(AutomationRun.rule_id) == rule.id,
        col(AutomationRun.conversation_id) == col(Conversation.id),
        col(AutomationRun.created_at) > since,
    )
    earliest = max(latest - LATE_SECONDS, rule.enabled_at - rule.waiting_minutes * 60)
    query = select(Conversation.id, Conversation.waiting_since).where(
        Conversation.merchant_id == rule.merchant_id, since >= earliest, since <= latest, ~looked
    )
    rows = (await session.exec(query.order_by(since).limit(MAX_WAITING))).all()
    return [(number, waiting) for number, waiting in rows if waiting is not None]


async def _shops(session: AsyncSession) -> set[str]:
    return await _shops_about(session, ABOUT_MESSAGES)


async def _shops_about(session: AsyncSession, about: Collection[EventName]) -> set[str]:
    query = (
        select(AutomationRule.merchant_id)
        .join(User, col(User.id) == col(AutomationRule.merchant_id))
        .where(col(AutomationRule.is_enabled), col(AutomationRule.event).in_(about), col(User.blocked_at).is_(None))
    )
    return set((await session.exec(query.distinct())).all())
