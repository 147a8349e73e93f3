"""What the pages of tasks ask and show, beside what the API has."""

import json
from typing import Any, Literal, Self

from pydantic import BaseModel, Field

from app.files.private_files import RESULT_SECONDS
from app.jobs import shapes
from app.jobs.models import ENDED, Job, JobPublic, JobStatus
from app.kernel.clock import now
from app.kernel.identity import Identity, Role
from app.kernel.paging import MAX_PAGE


class TaskFilters(BaseModel):
    """What an admin looks for; empty is anything. An `id` alone decides."""

    page: int = Field(default=1, ge=1, le=MAX_PAGE)
    status: Literal["", "pending", "queued", "processing", "completed", "failed", "cancelled", "expired"] = ""
    kind: str = Field(default="", max_length=80)
    queue: str = Field(default="", max_length=40)
    owner: str = Field(default="", max_length=50)
    id: str = Field(default="", max_length=19)
    by: Literal["", "people", "parley"] = ""
    """Who began it: somebody, or the product itself."""


class TaskFile(BaseModel):
    """What a task has made. It is kept for seven days."""

    name: str = ""
    size: int = 0
    is_gone: bool


class TaskRow(JobPublic):
    """`file` is there when the reader is who may download it."""

    file: TaskFile | None
    is_mine: bool
    is_over: bool

    @classmethod
    def of(cls, row: Job, me: Identity, locale: str) -> Self:
        """A row for one reader."""
        trace = row.trace if me.role is Role.ADMIN else None
        public = shapes.public(shapes.columns(row), locale, trace)
        is_mine = row.owner_id == me.user_id
        return cls(
            **public.model_dump(),
            is_mine=is_mine,
            is_over=row.status in ENDED,
            file=_file(row) if is_mine else None,
        )

    @property
    def state(self) -> str:
        """What the badge shows: the status, or that it is being stopped."""
        return "stopping" if self.is_cancelling else str(self.status)

    @property
    def duration(self) -> int | None:
        """Seconds from its last start to its end."""
        if self.started_at is None or self.finished_at is None:
            return None
        return max(0, self.finished_at - self.started_at)

    @property
    def result_text(self) -> str:
        """The result for eyes."""
        return json.dumps(self.result, ensure_ascii=False, indent=2)

    @property
    def known(self) -> dict[str, Any]:
        """What the page's script begins with: as the API has it, without what is only for reading."""
        return self.model_dump(mode="json", include=set(JobPublic.model_fields) - {"trace", "result"})


def _file(row: Job) -> TaskFile | None:
    made = row.result or {}
    if row.status is not JobStatus.COMPLETED or "file_id" not in made:
        return None
    is_gone = (row.finished_at or 0) < now() - RESULT_SECONDS
    return TaskFile(name=str(made.get("name", "")), size=int(made.get("size", 0)), is_gone=is_gone)
