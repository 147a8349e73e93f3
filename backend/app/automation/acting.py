"""What rules do. A rule's deeds and the row that says so are one transaction under the conversation's lock.

A reply leaves through the writer, behind that transaction: its words and its name are in the row by then, so whoever
finds the row unfinished says the same once more, and the buyer reads it once.
"""

import re
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import CursorResult, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import platform
from app.accounts.models import User
from app.automation import facts
from app.automation.matching import is_match
from app.automation.models import AutomationRule, AutomationRun
from app.automation.shapes import Action, ActionKind, Condition
from app.automation.triggers import Trigger
from app.chat import access, automatic, conversations, labels, notes
from app.chat.conversations import ConversationChange
from app.chat.desk import Desk
from app.chat.models import Conversation, Status
from app.chat.notes import NoteWrite
from app.kernel.clock import now
from app.kernel.errors import AppError, NotFound
from app.kernel.i18n import sentence
from app.kernel.identity import Identity, Role
from app.webhooks import recording

MAX_LABELS = 20  # of one conversation
_VARIABLE = re.compile(r"\{\{\s*([a-z.]+)\s*\}\}")


class Outcome(NamedTuple):
    """What came of asking one rule."""

    is_match: bool
    unfinished: AutomationRun | None = None


def shop(merchant_id: str) -> Identity:
    """In whose right rules act; in the activities the platform stands."""
    return Identity(merchant_id, Role.MERCHANT, merchant_id, 0)


async def ask(desk: Desk, rule: AutomationRule, conversation_id: int, trigger: Trigger) -> bool:
    """Let the rule look at what happened, and act if it is so; once, however often it is asked. True when it acted."""
    outcome = await desk.db.write(partial(_act, rule=rule, conversation_id=conversation_id, trigger=trigger))
    if outcome.unfinished is not None:
        await finish(desk, outcome.unfinished)
    return outcome.is_match


async def pass_over(desk: Desk, rule: AutomationRule, conversation_id: int, trigger: Trigger) -> None:
    """Remember that this rule's moment came and a rule above it ended it: it is not asked again."""

    async def note(session: AsyncSession) -> None:
        try:
            row = await access.conversation(session, shop(rule.merchant_id), conversation_id, lock=True)
        except NotFound:
            return
        if await _earlier(session, rule, row, trigger) is None:
            session.add(_run_of(rule, row, trigger, is_match=False))

    await desk.db.write(note)


async def finish(desk: Desk, run: AutomationRun) -> None:
    """Say what the run still has to say."""
    done: list[dict[str, Any]] = []
    for number, deed in enumerate(run.done):
        if deed["kind"] == ActionKind.REPLY and deed["ok"] is None:
            name = f"rule:{run.rule_id}:{run.trigger}:{number}"
            error = await _say(desk, run.merchant_id, run.conversation_id, name, deed["value"])
            deed = deed | {"ok": error is None} | ({"error": error} if error else {})
        done.append(deed)
    ended = update(AutomationRun).where(col(AutomationRun.id) == run.id).values(done=done, finished_at=now())
    await desk.db.write(lambda session: session.exec(ended))


async def _say(desk: Desk, merchant_id: str, conversation_id: int, name: str, text: str) -> str | None:
    try:
        await automatic.say(desk, merchant_id, conversation_id, name, text)
    except AppError as error:
        if error.status == 503:
            raise
        return error.text
    return None


async def _act(session: AsyncSession, rule: AutomationRule, conversation_id: int, trigger: Trigger) -> Outcome:
    me = shop(rule.merchant_id)
    try:
        row = await access.conversation(session, me, conversation_id, lock=True)
    except NotFound:
        return Outcome(False)
    before = await _earlier(session, rule, row, trigger)
    if before is not None:
        return Outcome(before.is_match, before if before.finished_at is None else None)
    if trigger.since is not None and row.waiting_since != trigger.since:
        return Outcome(False)  # answered meanwhile
    asked = [Condition.model_validate(one) for one in rule.conditions]
    known = await facts.of(session, row, asked)
    known.text = trigger.text
    run = _run_of(rule, row, trigger)
    if not is_match(rule.match, asked, known):
        if trigger.since is not None:  # it looks at the moment when the time is over, and not each minute after
            run.is_match = False
            session.add(run)
            await session.flush()
        return Outcome(False)
    if not await _count(session, rule):
        return Outcome(False)
    run.done = await _perform(session, rule, row, set(known.labels), trigger)
    if any(deed["ok"] is None for deed in run.done):
        run.finished_at = None
    session.add(run)
    await session.flush()
    return Outcome(True, run if run.finished_at is None else None)


async def _earlier(
    session: AsyncSession, rule: AutomationRule, row: Conversation, trigger: Trigger
) -> AutomationRun | None:
    same = (AutomationRun.rule_id == rule.id, AutomationRun.conversation_id == row.id)
    return (await session.exec(select(AutomationRun).where(*same, AutomationRun.trigger == trigger.name))).first()


def _run_of(rule: AutomationRule, row: Conversation, trigger: Trigger, *, is_match: bool = True) -> AutomationRun:
    return AutomationRun(
        rule_id=rule.id,
        conversation_id=row.id,
        merchant_id=rule.merchant_id,
        trigger=trigger.name,
        is_match=is_match,
        finished_at=now(),
    )


async def _count(session: AsyncSession, rule: AutomationRule) -> bool:
    """One run more; False when the rule was switched off or deleted since it was read."""
    counted = (
        update(AutomationRule)
        .where(col(AutomationRule.id) == rule.id, col(AutomationRule.is_enabled))
        .values(runs=col(AutomationRule.runs) + 1, last_run_at=now())
    )
    found: CursorResult[Any] = await session.exec(counted)
    return found.rowcount == 1


async def _perform(
    session: AsyncSession, rule: AutomationRule, row: Conversation, names: set[str], trigger: Trigger
) -> list[dict[str, Any]]:
    actor = await platform.ensure(session)
    me = shop(rule.merchant_id)
    wanted: dict[str, Any] = {}
    borne = set(names)
    done: list[dict[str, Any]] = []
    for action in (Action.model_validate(one) for one in rule.actions):
        deed: dict[str, Any] = {"kind": str(action.kind), "value": action.value, "ok": True}
        try:
            await _plan(session, rule, row, action, wanted, borne)
            if action.kind is ActionKind.REPLY:
                deed |= {"value": await filled(session, row, action.value), "ok": None}
            elif action.kind is ActionKind.NOTE:
                text = await filled(session, row, action.value)
                await notes.add(session, me, row.id, NoteWrite(content=text), author=actor)
        except AppError as error:
            deed |= {"ok": False, "error": error.text}
        done.append(deed)
    new = {name: value for name, value in wanted.items() if value != getattr(row, name)}
    if borne != names:
        new["labels"] = sorted(borne)
    if new:
        await conversations.change(session, me, row.id, ConversationChange(**new), actor=actor)
    for deed in done:
        if deed["kind"] == ActionKind.WEBHOOK:
            deed |= await _tell(session, rule, row.id, trigger)
    return done


async def _plan(
    session: AsyncSession,
    rule: AutomationRule,
    row: Conversation,
    action: Action,
    wanted: dict[str, Any],
    borne: set[str],
) -> None:
    """Note in `wanted` and `borne` what the conversation is to be like."""
    match action.kind:
        case ActionKind.ASSIGN:
            await conversations.check_assignee(session, rule.merchant_id, action.value or None)
            wanted["assignee_id"] = action.value or None
        case ActionKind.ADD_LABEL:
            name = labels.checked_name(action.value)
            if len(borne | {name}) > MAX_LABELS:
                raise AppError(422, "too_many", "A conversation has at most {max} labels.", max=MAX_LABELS)
            borne.add(name)
        case ActionKind.REMOVE_LABEL:
            borne.discard(labels.checked_name(action.value))
        case ActionKind.PRIORITY:
            wanted["priority"] = action.value
        case ActionKind.STATUS:
            wanted |= {"status": Status(action.value)}
            wanted.pop("snoozed_until", None)
        case ActionKind.SNOOZE:
            wanted |= {"status": Status.SNOOZED, "snoozed_until": now() + int(action.value) * 3600}


async def filled(session: AsyncSession, row: Conversation, text: str) -> str:
    """`text` with the names of buyer and shop; what is unknown stays to be seen."""
    if "{{" not in text:
        return text
    people = await session.exec(select(User).where(col(User.id).in_((row.customer_id, row.merchant_id))))
    names = {person.id: person.name for person in people}
    values = {"buyer.name": names.get(row.customer_id, ""), "shop.name": names.get(row.merchant_id, "")}
    return _VARIABLE.sub(lambda found: values.get(found[1], found[0]), text)


async def _tell(session: AsyncSession, rule: AutomationRule, conversation_id: int, trigger: Trigger) -> dict[str, Any]:
    public = await conversations.get(session, shop(rule.merchant_id), conversation_id)
    about = {"id": str(rule.id), "name": rule.name, "event": str(trigger.event), "trigger": trigger.name}
    if await recording.tell_of_rule(session, public, now(), about):
        return {}
    return {"ok": False, "error": sentence("No webhook listens to it.")}
