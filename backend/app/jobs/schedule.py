"""When periodic jobs fire. The table itself is `app/schedule.py`; here is how it is kept.

A slot is a moment at which an entry is due. Firing inserts a row (name, slot) and the job in one transaction, so two
workers cannot fire the same slot. What was missed while nothing ran is caught up once: only the latest slot counts.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from cronsim import CronSim
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.jobs import queue
from app.jobs.models import ScheduledRun
from app.kernel.clock import now
from app.kernel.config import Settings
from app.kernel.db import Database

_entries: dict[str, "Entry"] = {}


@dataclass(frozen=True, slots=True)
class Entry:
    """`kind` fires at every time of `cron` (minute hour day month weekday) in the installation's time zone."""

    kind: str
    cron: str
    is_caught_up: bool = True
    """False: a slot that was missed by more than a minute is left out."""


def use(entries: list[Entry]) -> None:
    """Fire these from now on, in this process."""
    _entries.clear()
    _entries.update({entry.kind: entry for entry in entries})


def latest_slot(entry: Entry, at: int, zone: str) -> int:
    """The last moment up to `at` (seconds since the epoch) at which `entry` was due."""
    local = datetime.fromtimestamp(at + 1, ZoneInfo(zone))
    return int(next(CronSim(entry.cron, local, reverse=True)).timestamp())


async def fire(db: Database, settings: Settings) -> None:
    """Fire what is due and has not fired."""
    if not _entries:
        return
    async with db.reading() as session:
        newest = select(ScheduledRun.name, func.max(ScheduledRun.slot)).group_by(col(ScheduledRun.name))
        fired = dict((await session.exec(newest)).all())
    for entry in _entries.values():
        slot = latest_slot(entry, now(), settings.time_zone)
        before = fired.get(entry.kind)
        if before is not None and before >= slot:
            continue
        try:
            await db.write(partial(_fire, entry=entry, slot=slot, before=before))
        except IntegrityError:
            continue  # another worker was first


async def _fire(session: AsyncSession, entry: Entry, slot: int, before: int | None) -> None:
    session.add(ScheduledRun(name=entry.kind, slot=slot))
    await session.flush()
    await session.exec(delete(ScheduledRun).where(col(ScheduledRun.name) == entry.kind, col(ScheduledRun.slot) < slot))
    is_late = now() - slot > 60
    if before is None or (is_late and not entry.is_caught_up):
        return  # a new installation has missed nothing
    await queue.enqueue(session, entry.kind, idempotency_key=f"slot-{slot}", expires_at=None)
