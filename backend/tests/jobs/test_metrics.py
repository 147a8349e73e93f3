"""What Prometheus learns about jobs."""

from collections.abc import Awaitable, Callable

from httpx2 import AsyncClient
from prometheus_client import REGISTRY

from app.jobs import metrics
from app.jobs.kinds import QUEUES
from app.jobs.models import Job
from app.kernel.clock import now
from app.kernel.config import Settings
from app.kernel.db import Database
from tests.jobs.conftest import Work

Add = Callable[..., Awaitable[Job]]
Ended = Callable[[Job], Awaitable[Job]]


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_runs_are_counted_by_what_came_of_them(at_work: Work, add: Add, ended: Ended) -> None:
    names = {"tests.write": "completed", "tests.give_up": "failed", "tests.retry": "retried", "tests.break": "retried"}
    before = {kind: value("parley_jobs_ended_total", kind=kind, outcome=how) for kind, how in names.items()}
    began = value("parley_jobs_started_total", kind="tests.retry")
    failed = value("parley_jobs_ended_total", kind="tests.break", outcome="failed")
    took = value("parley_job_run_seconds_count", kind="tests.retry")
    async with at_work():
        for job in [await add(kind) for kind in names]:
            await ended(job)
    for kind, how in names.items():
        assert value("parley_jobs_ended_total", kind=kind, outcome=how) == before[kind] + 1, kind
    assert value("parley_jobs_started_total", kind="tests.retry") == began + 2
    assert value("parley_job_run_seconds_count", kind="tests.retry") == took + 2
    assert value("parley_jobs_ended_total", kind="tests.break", outcome="failed") == failed + 1


async def test_queues_are_read_from_the_rows_at_each_scrape(client: AsyncClient, add: Add, db: Database) -> None:
    await add("tests.write")
    await add("tests.write", run_after=now() + 3600)
    oldest = await add("tests.write")
    async with db.writing() as session:
        (await session.get_one(Job, oldest.id)).run_after = now() - 120
    scraped = (await client.get("/metrics")).text
    assert 'parley_jobs{queue="default",status="queued"} 2.0' in scraped
    assert 'parley_jobs{queue="default",status="pending"} 1.0' in scraped
    assert 120 <= value("parley_jobs_oldest_seconds", queue="default") < 180
    assert value("parley_jobs_oldest_seconds", queue="emoji") == 0
    assert scraped.count("parley_jobs{") == 3 * len(QUEUES)
    assert 'parley_jobs_ended_total{kind="jobs.forget",outcome="failed"} 0.0' in scraped


async def test_a_database_that_is_away_leaves_no_old_numbers(db: Database, settings: Settings, add: Add) -> None:
    await add("tests.write")
    assert await metrics.look(db)
    assert value("parley_jobs", queue="default", status="queued") == 1
    away = Database(settings.model_copy(update={"database_url": "postgresql://nobody@127.0.0.1:1/nothing"}))
    assert not await metrics.look(away)
    assert REGISTRY.get_sample_value("parley_jobs", {"queue": "default", "status": "queued"}) is None
    await away.dispose()
