"""How the system is: each part with what was measured, how bad that is, and what to do. Every figure is real."""

import asyncio
import shutil
import time
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.chat.indexer import SearchProgress
from app.chat.models import Conversation
from app.files.models import PrivateFile, StoredFile
from app.kernel import instances, migrations
from app.kernel.config import Settings
from app.kernel.db import Database
from app.kernel.instances import SILENT_SECONDS

SLOW_ROUND_TRIP_MS, BAD_ROUND_TRIP_MS = 50, 500
SLOW_LOOP_MS, BAD_LOOP_MS = 200, 1000
LATE_INDEX, BAD_INDEX = 500, 20_000  # messages that search does not find yet
LITTLE_SPACE, NO_SPACE = 0.15, 0.05  # of the disk
_SIZES = {
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
    "postgresql": "SELECT pg_database_size(current_database())",
    "mysql": "SELECT SUM(data_length + index_length) FROM information_schema.tables WHERE table_schema = DATABASE()",
}
_SIZES["mariadb"] = _SIZES["mysql"]


class Level(StrEnum):
    """How bad it is; ordered by the page."""

    OK = "ok"
    WATCH = "watch"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the system. `facts` are for the template, which knows the words."""

    name: str
    level: Level
    facts: dict[str, Any] = field(default_factory=dict)
    problem: str = ""
    """A word for what is wrong, by which the template says what to do."""


def worst(parts: list[Part]) -> Level:
    """The level of the whole."""
    levels = {part.level for part in parts}
    return next(level for level in (Level.BAD, Level.WATCH, Level.OK) if level in levels)


async def database(db: Database, session: AsyncSession) -> Part:
    """Kind, size, round trip from here, pool of this process, and whether the tables are of this release."""
    connection = await session.connection()
    began = time.perf_counter()
    await connection.execute(text("SELECT 1"))
    milliseconds = (time.perf_counter() - began) * 1000
    size = (await connection.execute(text(_SIZES[db.dialect]))).scalar() or 0
    found, wanted = await connection.run_sync(migrations.revisions)
    facts = {"kind": db.dialect, "size": int(size), "milliseconds": round(milliseconds, 1), "revision": found}
    facts |= {"wanted": wanted, **_pool(db)}
    if found != wanted:
        return Part("database", Level.BAD, facts, "migrations")
    if milliseconds >= SLOW_ROUND_TRIP_MS:
        return Part("database", Level.BAD if milliseconds >= BAD_ROUND_TRIP_MS else Level.WATCH, facts, "slow")
    return Part("database", Level.OK, facts)


async def processes(session: AsyncSession) -> Part:
    """Every server and worker that beats, and those that fell silent within the last hour."""
    rows = [
        {
            "name": row.name,
            "kind": row.kind,
            "version": row.version,
            "started_at": row.started_at,
            "age": age,
            "is_silent": age > SILENT_SECONDS,
            "loop_lag_ms": row.facts.get("loop_lag_ms", 0),
            "sockets": row.facts.get("sockets", 0),
            "errors": row.facts.get("errors", 0),
            "broker_up": row.facts.get("broker_up", True),
            "reactions_waiting": row.facts.get("reactions_waiting", 0),
        }
        for row, age in await instances.listing(session)
    ]
    living = [row for row in rows if not row["is_silent"]]
    lag = max((row["loop_lag_ms"] for row in living), default=0)
    facts = {"rows": rows, "living": len(living), "sockets": sum(row["sockets"] for row in living)}
    facts |= {"versions": sorted({row["version"] for row in living}), "errors": sum(row["errors"] for row in living)}
    if lag >= SLOW_LOOP_MS:
        return Part("processes", Level.BAD if lag >= BAD_LOOP_MS else Level.WATCH, facts, "lag")
    if len(living) < len(rows):
        return Part("processes", Level.WATCH, facts, "silent")
    if len(facts["versions"]) > 1:
        return Part("processes", Level.WATCH, facts, "versions")
    return Part("processes", Level.OK, facts)


def errors(processes: Part) -> Part:
    """What the processes that live have logged as errors within the last hour."""
    count = processes.facts["errors"]
    return Part("errors", Level.WATCH if count else Level.OK, {"count": count}, "errors" if count else "")


def broker(settings: Settings, processes: Part) -> Part:
    """Embedded, or Redis as each process sees it."""
    if not settings.broker_url:
        several = sum(not row["is_silent"] and row["kind"] == "server" for row in processes.facts["rows"]) > 1
        return Part("broker", Level.BAD if several else Level.OK, {"kind": "embedded"}, "several" if several else "")
    away = [row["name"] for row in processes.facts["rows"] if not row["is_silent"] and not row["broker_up"]]
    return Part("broker", Level.BAD if away else Level.OK, {"kind": "redis", "away": away}, "away" if away else "")


async def search(session: AsyncSession) -> Part:
    """How many messages the index does not have yet."""
    done = func.coalesce(col(SearchProgress.indexed_seq), 0)
    behind = select(func.coalesce(func.sum(col(Conversation.last_seq) - done), 0), func.count())
    behind = behind.select_from(Conversation).outerjoin(
        SearchProgress, col(SearchProgress.conversation_id) == col(Conversation.id)
    )
    messages, conversations = (await session.exec(behind.where(col(Conversation.last_seq) > done))).one()
    facts = {"messages": int(messages), "conversations": conversations}
    if messages >= LATE_INDEX:
        return Part("search", Level.BAD if messages >= BAD_INDEX else Level.WATCH, facts, "late")
    return Part("search", Level.OK, facts)


def reactions(processes: Part) -> Part:
    """Conversations at which greetings, routing and rules have yet to look."""
    waiting = sum(row["reactions_waiting"] for row in processes.facts["rows"] if not row["is_silent"])
    is_late = waiting >= LATE_INDEX
    return Part("reactions", Level.WATCH if is_late else Level.OK, {"waiting": waiting}, "late" if is_late else "")


async def storage(settings: Settings, session: AsyncSession) -> Part:
    """Files by their rows, and the disk under them."""
    media = (await session.exec(select(func.count(), func.coalesce(func.sum(StoredFile.size), 0)))).one()
    private = (await session.exec(select(func.count(), func.coalesce(func.sum(PrivateFile.size), 0)))).one()
    disk = await asyncio.to_thread(_disk, settings.media_dir)
    facts: dict[str, Any] = {"media": [media[0], int(media[1])], "private": [private[0], int(private[1])]}
    facts |= {"free": disk[0], "total": disk[1]}
    share = disk[0] / disk[1] if disk[1] else 1.0
    if share < LITTLE_SPACE:
        return Part("storage", Level.BAD if share < NO_SPACE else Level.WATCH, facts, "space")
    return Part("storage", Level.OK, facts)


def carriers(settings: Settings) -> Part:
    """How mail and SMS leave."""
    is_production = settings.environment == "production"
    nothing = "none" if is_production else "outbox"
    facts = {
        "mail": "smtp" if settings.smtp_host else nothing,
        "sms": "aliyun" if settings.aliyun_sms_sign_name else nothing,
    }
    lacks = "none" in facts.values()
    return Part("carriers", Level.WATCH if lacks else Level.OK, facts, "none" if lacks else "")


def _pool(db: Database) -> dict[str, Any]:
    pool: Any = db.engine.pool
    if not hasattr(pool, "checkedout"):
        return {"in_use": None, "most": None}
    return {"in_use": pool.checkedout(), "most": pool.size() + max(0, getattr(pool, "_max_overflow", 0))}


def _disk(folder: Path) -> tuple[int, int]:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    usage = shutil.disk_usage(folder)
    return usage.free, usage.total
