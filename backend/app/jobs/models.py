"""Jobs: one row for each piece of background work. The row is the truth; whatever carries a wake-up may be lost."""

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import JSON, BigInteger, Column, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.kernel.clock import now
from app.kernel.models import Id, UserId, id_column, time_column, words

KEY_LENGTH = 150


class JobStatus(StrEnum):
    """`pending` waits for its time, `queued` for a worker; the last four are final."""

    PENDING = "pending"
    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


WAITING = (JobStatus.PENDING, JobStatus.QUEUED)
ALIVE = (JobStatus.PENDING, JobStatus.QUEUED, JobStatus.PROCESSING)
ENDED = (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.EXPIRED)


def _json() -> Any:
    return Column(JSON(none_as_null=True))


class Job(SQLModel, table=True):
    """One piece of work. Owner and parent are no foreign keys: what was done outlives who asked for it."""

    __tablename__ = "jobs"
    __table_args__ = (
        UniqueConstraint("kind", "idempotency_key"),
        Index("ix_jobs_claim", "status", "queue", "rank", "id"),
        Index("ix_jobs_due", "status", "run_after"),
        Index("ix_jobs_owner", "owner_id", "id"),
    )

    id: Id = id_column()
    kind: str = Field(max_length=80, index=True)
    queue: str = Field(max_length=40)
    status: JobStatus = Field(sa_column=Column(words(JobStatus), nullable=False))
    rank: int = 0
    """The priority with its sign turned: the lowest rank runs first, so that one ascending index serves."""
    payload: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    owner_id: str | None = Field(default=None, max_length=50)
    parent_id: Id | None = Field(default=None, sa_type=BigInteger, index=True)
    idempotency_key: str | None = Field(default=None, max_length=KEY_LENGTH)
    concurrency_key: str | None = Field(default=None, max_length=KEY_LENGTH)
    running_key: str | None = Field(default=None, max_length=KEY_LENGTH, unique=True)
    """`concurrency_key` while it runs, else NULL, so that two of one key cannot run at once."""
    progress: int = 0
    note: dict[str, Any] | None = Field(default=None, sa_column=_json())
    """What the job says about its progress: an English sentence and what fills it."""
    attempts: int = 0
    max_attempts: int = 1
    losses: int = 0
    """How often a worker vanished with it. Not attempts: a job is not at fault for a power cut."""
    run_after: int = time_column(default_factory=now)
    delay_seconds: int | None = None
    """How far ahead `run_after` was when it was set by a retry. One that is further ahead was set by a wrong clock."""
    expires_at: int | None = time_column(default=None)
    """A job that has not begun by then never will."""
    claim_token: int | None = Field(default=None, sa_type=BigInteger)
    """Fences: only the run that holds it may renew, report or finish."""
    beats: int = 0
    """Counts the worker's signs of life."""
    beat_at: int | None = time_column(default=None)
    """When the last one came, by the database's clock."""
    cancel_requested_at: int | None = time_column(default=None)
    result: dict[str, Any] | None = Field(default=None, sa_column=_json())
    error: dict[str, Any] | None = Field(default=None, sa_column=_json())
    trace: str | None = Field(default=None, sa_type=Text)
    """For admins: where it broke."""
    created_at: int = time_column(default_factory=now)
    started_at: int | None = time_column(default=None)
    finished_at: int | None = time_column(default=None, index=True)


class ScheduledRun(SQLModel, table=True):
    """One firing of the schedule. The key makes a second firing of the same slot impossible."""

    __tablename__ = "scheduled_runs"

    name: str = Field(max_length=80, primary_key=True)
    slot: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    """Seconds since the epoch at which it was due."""


class Queue(SQLModel, table=True):
    """What admins decided about a queue; a queue without a row is neither paused nor limited."""

    __tablename__ = "job_queues"

    name: str = Field(max_length=40, primary_key=True)
    is_paused: bool = False
    max_running: int | None = None
    """Over all workers."""


class JobError(BaseModel):
    """Why a job failed, in the reader's language; `code` is for programs."""

    code: str
    detail: str


class JobPublic(BaseModel):
    """A job as its owner and admins see it. Times are seconds since the epoch."""

    model_config = ConfigDict(from_attributes=True)

    id: Id
    kind: str
    title: str
    queue: str
    status: JobStatus
    priority: int
    progress: int
    """0 to 100."""
    message: str
    result: dict[str, Any] | None
    error: JobError | None
    trace: str | None
    """Only admins see it."""
    owner_id: UserId | None
    parent_id: Id | None
    attempts: int
    max_attempts: int
    is_cancelling: bool
    can_cancel: bool
    can_retry: bool
    run_after: int
    created_at: int
    started_at: int | None
    finished_at: int | None
