"""Seven days to change one's mind are a promise, and what was checked on the first may be otherwise on the last."""

import asyncio

from fastapi import FastAPI
from httpx2 import AsyncClient

from app.accounts.models import Credential
from app.jobs.models import Job, JobStatus
from app.kernel.db import Database
from app.kernel.identity import Role
from app.privacy.models import PersonDeletion
from tests.people import Enter, Person
from tests.privacy.conftest import Go
from tests.privacy.test_deletion import ask, count
from tests.working import worker_of


async def test_a_deletion_that_an_admin_cancels_and_runs_again_keeps_its_days(
    client: AsyncClient, app: FastAPI, db: Database, lin_the_buyer: Person, an_admin: Person
) -> None:
    asked = (await ask(client, lin_the_buyer)).json()
    async with db.reading() as session:
        job_id = (await session.get_one(PersonDeletion, "b1")).job_id
    for verb in ("cancel", "retry"):
        assert (await client.post(f"/api/v1/tasks/{job_id}/{verb}", headers=an_admin.headers)).status_code == 200
    worker = worker_of(app)
    await worker.start()
    try:
        async with asyncio.timeout(30):
            while (job := await read_job(db, job_id)).status in (JobStatus.QUEUED, JobStatus.PROCESSING):
                await asyncio.sleep(0.01)
    finally:
        await worker.stop()
    assert (job.status, job.run_after >= asked["due_at"]) == (JobStatus.PENDING, True)
    assert await count(db, Credential, Credential.user_id == "b1") == 1


async def test_of_two_admins_who_leave_one_has_to_stay(
    client: AsyncClient, db: Database, enter: Enter, seven_days_later: Go, an_admin: Person
) -> None:
    other = await enter("a7", "other-admin", Role.ADMIN)
    for who in (an_admin, other):
        assert (await ask(client, who)).status_code == 202
    assert (await seven_days_later(an_admin.id)).status is JobStatus.COMPLETED
    left = await seven_days_later(other.id)
    assert (left.status, (left.error or {})["code"]) == (JobStatus.FAILED, "last_admin")


async def read_job(db: Database, job_id: int) -> Job:
    async with db.reading() as session:
        return await session.get_one(Job, job_id)
