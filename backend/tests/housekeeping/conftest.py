"""A worker with the product's own handlers, and hands that turn the clock back in rows."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import update
from sqlmodel import SQLModel

from app.kernel.clock import now
from app.kernel.config import Settings
from app.kernel.db import Database
from tests.files.conftest import picture as picture
from tests.pages.conftest import sit_down as sit_down
from tests.working import Result, run_job

Run = Callable[..., Awaitable[Result]]
Age = Callable[..., Awaitable[None]]


@pytest.fixture
def run(app: FastAPI) -> Run:
    """`await run("files.sweep_uploads")`: the job when it has ended, which it must have done well."""

    async def make(kind: str, payload: Any = None, **options: Any) -> Result:
        return await run_job(app, kind, payload, **options)

    return make


@pytest.fixture
def age(app: FastAPI) -> Age:
    """`await age(StoredFile, "created_at", 86_400)`: those times of all rows lie that many seconds in the past."""

    async def turn(model: type[SQLModel], column: str, seconds: int, *where: Any) -> None:
        db: Database = app.state.db
        then = update(model).where(*where).values({column: now() - seconds})
        await db.write(lambda session: session.exec(then))

    return turn


@pytest.fixture
def media(settings: Settings) -> Callable[[], set[str]]:
    """The paths of all uploads that lie in the media folder."""

    def look() -> set[str]:
        folder = settings.media_dir
        return {path.relative_to(folder).as_posix() for path in (folder / "uploads").rglob("*") if path.is_file()}

    return look
