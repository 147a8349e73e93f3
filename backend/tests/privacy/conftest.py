"""People and hands of these tests are those of the housekeeping, and a quick way through the seven days."""

from collections.abc import Awaitable, Callable

import pytest
from fastapi import FastAPI
from sqlalchemy import update
from sqlmodel import col

from app.jobs.models import Job
from app.kernel.clock import now
from app.privacy.models import PersonDeletion
from tests.files.conftest import picture as picture
from tests.housekeeping.conftest import age as age
from tests.housekeeping.conftest import media as media
from tests.housekeeping.conftest import run as run
from tests.pages.conftest import sit_down as sit_down
from tests.working import run_enqueued

Go = Callable[[str], Awaitable[Job]]


@pytest.fixture
def seven_days_later(app: FastAPI) -> Go:
    """The person's deletion has come due and has run; its job as it ended."""

    async def go(user_id: str) -> Job:
        db = app.state.db
        async with db.reading() as session:
            row = await session.get_one(PersonDeletion, user_id)
        due = update(Job).where(col(Job.id) == row.job_id).values(run_after=now() - 1)
        await db.write(lambda session: session.exec(due))
        over = update(PersonDeletion).where(col(PersonDeletion.user_id) == user_id).values(due_at=now() - 1)
        await db.write(lambda session: session.exec(over))
        return await run_enqueued(app, row.job_id)

    return go
