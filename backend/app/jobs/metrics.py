"""What Prometheus learns about jobs: each process counts its own runs, and reads how the queues stand from the rows.

Labels are bounded: kinds and queues are those of this release, outcomes those below. The gauges tell of the whole
installation, so every process says the same: take `max`, not `sum`, over instances.
"""

from prometheus_client import Counter, Gauge, Histogram
from sqlalchemy import func
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select

from app.jobs import kinds
from app.jobs.kinds import QUEUES
from app.jobs.models import ALIVE, Job, JobStatus
from app.kernel.clock import now
from app.kernel.db import Database

OUTCOMES = ("completed", "failed", "retried", "cancelled", "handed_back", "lost")
SECONDS_BUCKETS = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1800, 3600)

STARTED = Counter("parley_jobs_started", "Runs that began in this process.", ["kind"])
ENDED = Counter(
    "parley_jobs_ended",
    "Runs that ended in this process. `failed`: for good; `retried`: failed, and there will be another.",
    ["kind", "outcome"],
)
SECONDS = Histogram("parley_job_run_seconds", "How long runs took.", ["kind"], buckets=SECONDS_BUCKETS)
JOBS = Gauge("parley_jobs", "Jobs that are pending, queued or processing, over all processes.", ["queue", "status"])
OLDEST = Gauge(
    "parley_jobs_oldest_seconds", "How long the longest-waiting job of a queue waits, over all processes.", ["queue"]
)


def began(kind: str) -> None:
    """A run of `kind` begins here."""
    STARTED.labels(kind).inc()


def ended(kind: str, status: str, seconds: float, *, is_over: bool) -> None:
    """A run of `kind` ended here. `is_over`: its job as well; a run that failed and is not over is `retried`."""
    outcome = status.replace(" ", "_") if is_over or status != JobStatus.FAILED else "retried"
    ENDED.labels(kind, outcome).inc()
    SECONDS.labels(kind).observe(seconds)


async def look(db: Database) -> bool:
    """Read how the queues stand; False, and nothing said about them, when the database does not answer."""
    for kind in kinds.every():  # a counter that appears with its first 1 is one that `rate()` never saw rise
        for outcome in OUTCOMES:
            ENDED.labels(kind.name, outcome)
    try:
        found = await _read(db)
    except (SQLAlchemyError, OSError):
        JOBS.clear()
        OLDEST.clear()
        return False
    at = now()
    for queue in QUEUES:
        for status in ALIVE:
            JOBS.labels(queue, status).set(found.get((queue, status), (0, at))[0])
        OLDEST.labels(queue).set(max(0, at - found.get((queue, JobStatus.QUEUED), (0, at))[1]))
    return True


async def _read(db: Database) -> dict[tuple[str, str], tuple[int, int]]:
    counted = select(Job.queue, Job.status, func.count(), func.min(Job.run_after)).where(col(Job.status).in_(ALIVE))
    async with db.reading() as session:
        rows = await session.exec(counted.group_by(col(Job.queue), col(Job.status)))
        return {(queue, status): (count, since) for queue, status, count, since in rows.all()}
