"""Background work of rules, and what starts it: events of conversations, in the transaction in which they happen."""

from typing import Any

from pydantic import BaseModel
from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import platform
from app.automation import engine
from app.automation.models import AutomationRun
from app.automation.shapes import EventName
from app.automation.triggers import CHANGES
from app.chat.desk import Desk
from app.chat.events import ActivityHappened, ConversationStarted
from app.jobs import queue
from app.jobs.kinds import Nothing, job
from app.jobs.runs import Run
from app.kernel import events
from app.kernel.clock import now
from app.kernel.i18n import sentence

KEPT_SECONDS = 30 * 86_400
BATCH = 500
_TOLD = "automation"  # in a unit of work: what was looked up and ordered already


class Happening(BaseModel):
    """What happened in a conversation: it began, or `actor_id` changed something in the second `at`."""

    conversation_id: int
    actor_id: str = ""
    at: int = 0


@job("automation.react", Happening, title=sentence("Automation rules"))
async def react(run: Run, happening: Happening) -> None:
    """Ask the rules about a conversation that began or was changed."""
    desk = run.service(Desk)
    if happening.actor_id:
        await engine.changed(desk, happening.conversation_id, happening.actor_id, happening.at)
    else:
        await engine.started(desk, happening.conversation_id)


@job("automation.wait", Nothing, title=sentence("Check for waiting buyers"))
async def wait(run: Run, _: Nothing) -> dict[str, Any]:
    """Ask the rules about buyers who have waited long enough, and end what was left halfway."""
    desk = run.service(Desk)
    return {"waiting": await engine.look_at_waiting(desk), "finished": await engine.finish_runs(desk)}


@job("automation.forget", Nothing, title=sentence("Clean-up of the rule log"))
async def forget(run: Run, _: Nothing) -> dict[str, Any]:
    """Delete what rules did more than 30 days ago."""
    total, gone = 0, BATCH
    while gone == BATCH:
        run.check()
        gone = await run.db.write(lambda session: _forget(session, now() - KEPT_SECONDS))
        total += gone
    return {"forgotten": total}


async def _forget(session: AsyncSession, before: int) -> int:
    ids = (await session.exec(select(AutomationRun.id).where(AutomationRun.created_at < before).limit(BATCH))).all()
    await session.exec(delete(AutomationRun).where(col(AutomationRun.id).in_(ids)))
    return len(ids)


async def _started(session: AsyncSession, event: ConversationStarted) -> None:
    if await engine.has_any(session, event.conversation.merchant_id, EventName.CREATED):
        await queue.enqueue(session, "automation.react", Happening(conversation_id=event.conversation.id))


async def _happened(session: AsyncSession, event: ActivityHappened) -> None:
    """What the platform did is no news to rules: they would answer each other for ever."""
    activity = event.activity
    if activity.kind not in CHANGES or activity.actor_id == platform.USER_ID:
        return
    told = session.info.setdefault(_TOLD, {})
    if event.merchant_id not in told:
        told[event.merchant_id] = await engine.has_any(session, event.merchant_id, EventName.UPDATED)
    name = (activity.conversation_id, activity.actor_id, activity.created_at)
    if told[event.merchant_id] and name not in told:
        told[name] = True
        happening = Happening(conversation_id=name[0], actor_id=name[1], at=name[2])
        await queue.enqueue(session, "automation.react", happening)


def listen() -> None:
    """From now on in this process."""
    events.listen(ConversationStarted, _started)
    events.listen(ActivityHappened, _happened)


listen()
