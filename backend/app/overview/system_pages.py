"""The page of the system: what lives, how it is, and what to do about it. It renews itself every few seconds."""

from typing import Any, cast

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.viewers import AdminAtDesk, viewer
from app.jobs import queues
from app.kernel.cache import Cache
from app.kernel.config import InUse, Settings
from app.kernel.db import Database, Db, ReadTx
from app.kernel.html import render
from app.overview import system_checks
from app.overview.system_checks import Level, Part

HEAVY_SECONDS = 10.0  # for what reads whole tables; ten admins who watch cost as much as one
OLD_JOB_SECONDS = 300

router = APIRouter(prefix="/admin/system")


@router.get("")
async def system_page(request: Request, me: AdminAtDesk, session: ReadTx, db: Db, settings: InUse) -> Response:
    """Everything at a glance."""
    shown = await _checked(request, session, db, settings)
    return render(request, "admin/system.html", me=await viewer(request, session, me), place="system", **shown)


@router.get("/parts")
async def system_parts(request: Request, _: AdminAtDesk, session: ReadTx, db: Db, settings: InUse) -> Response:
    """The part of the page that changes."""
    return render(request, "admin/_system.html", **await _checked(request, session, db, settings))


async def _checked(request: Request, session: AsyncSession, db: Database, settings: Settings) -> dict[str, Any]:
    cache = _cache_of(request)
    database = await system_checks.database(db, session)
    processes = await system_checks.processes(session)
    jobs = await _jobs(session)
    parts = [
        database,
        system_checks.broker(settings, processes),
        jobs,
        await cache.get_or("search", HEAVY_SECONDS, lambda: system_checks.search(session)),
        system_checks.reactions(processes),
        await cache.get_or("storage", HEAVY_SECONDS, lambda: system_checks.storage(settings, session)),
        system_checks.carriers(settings),
        system_checks.errors(processes),
    ]
    everything = [processes, *parts]
    return {
        "processes": processes,
        "parts": parts,
        "worst": system_checks.worst(everything),
        "troubles": sum(part.level is not Level.OK for part in everything),
    }


async def _jobs(session: AsyncSession) -> Part:
    found = await queues.health(session)
    facts: dict[str, Any] = {
        "waiting": sum(one.queued for one in found),
        "running": sum(one.processing for one in found),
        "failed": sum(one.failed for one in found),
        "oldest": max((one.oldest_seconds for one in found), default=0),
        "paused": [one.name for one in found if one.is_paused],
    }
    if facts["oldest"] >= OLD_JOB_SECONDS:
        return Part("jobs", Level.BAD, facts, "late")
    if facts["paused"] or facts["failed"]:
        return Part("jobs", Level.WATCH, facts, "paused" if facts["paused"] else "failed")
    return Part("jobs", Level.OK, facts)


def _cache_of(request: Request) -> Cache:
    """Of this application, so that two of them in one process do not answer for each other."""
    state = request.app.state
    if not hasattr(state, "system_cache"):
        state.system_cache = Cache()
    return cast(Cache, state.system_cache)
