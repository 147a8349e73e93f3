"""Running the product's own jobs in a test: a worker beside the application, until the job has ended."""

import asyncio
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from app.jobs import queue
from app.jobs.bells import Bells
from app.jobs.kinds import QUEUES
from app.jobs.models import ENDED, Job, JobStatus
from app.jobs.worker import Worker
from app.kernel.db import Database
from app.worker import services

PATIENCE_SECONDS = 30
Result = dict[str, Any]


def worker_of(app: FastAPI) -> Worker:
    """A worker like the application's own, not yet started."""
    settings, db = app.state.settings, app.state.db
    return Worker(db, settings, Bells("", list(QUEUES)), services(settings, app.state.desk), list(QUEUES))


async def ended(db: Database, job_id: int) -> Job:
    """The job when it has ended."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            async with db.reading() as session:
                row = await session.get_one(Job, job_id)
            if row.status in ENDED:
                return row
            await asyncio.sleep(0.01)


async def run_job(app: FastAPI, kind: str, payload: BaseModel | None = None, **options: Any) -> Result:
    """Enqueue and run one job; its result."""
    db: Database = app.state.db
    job = await db.write(lambda session: queue.enqueue(session, kind, payload, **options))
    row = await run_enqueued(app, job.id)
    assert row.status is JobStatus.COMPLETED, (row.error, row.trace)
    return row.result or {}


async def run_enqueued(app: FastAPI, job_id: int) -> Job:
    """Run what waits until this job has ended."""
    worker = worker_of(app)
    await worker.start()
    try:
        return await ended(app.state.db, job_id)
    finally:
        await worker.stop()
