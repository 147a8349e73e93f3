"""What happens to jobs. Both leave after the commit: a wake-up for the workers, news for who watches."""

from typing import Any

from app.kernel.events import Event


class JobReady(Event):
    """A job waits for a worker."""

    queue: str


class JobChanged(Event):
    """A job of somebody's is new, has moved on or has ended. `job` holds the columns that `JobPublic` is made from."""

    job_id: int
    owner_id: str | None
    job: dict[str, Any]
