"""How jobs leave: titles, messages and errors in the reader's language."""

from typing import Any

from app.jobs import kinds
from app.jobs.models import ENDED, Job, JobError, JobPublic, JobStatus
from app.kernel.clock import now
from app.kernel.i18n import translate

RETRYABLE = (JobStatus.FAILED, JobStatus.CANCELLED)
_COLUMNS = (
    "id", "kind", "queue", "status", "rank", "progress", "note", "result", "error", "owner_id", "parent_id", "attempts",
    "max_attempts", "cancel_requested_at", "run_after", "expires_at", "created_at", "started_at", "finished_at",
)  # fmt: skip


def columns(row: Job) -> dict[str, Any]:
    """What `public` needs of a row, as plain values that can travel between processes."""
    return {name: getattr(row, name) for name in _COLUMNS}


def public(job: dict[str, Any], locale: str, trace: str | None = None) -> JobPublic:
    """`columns` for a reader of `locale`."""
    kind = kinds.find(job["kind"])
    status = JobStatus(job["status"])
    error = job["error"]
    return JobPublic(
        title=translate(kind.title, locale) if kind else job["kind"],
        priority=-job["rank"],
        message=_sentence(job["note"], locale),
        error=JobError(code=error["code"], detail=_sentence(error, locale)) if error else None,
        trace=trace,
        is_cancelling=job["cancel_requested_at"] is not None and status not in ENDED,
        can_cancel=job["cancel_requested_at"] is None and status not in ENDED,
        can_retry=status in RETRYABLE and not is_late(job["expires_at"]),
        **{name: job[name] for name in _COLUMNS if name in JobPublic.model_fields and name != "error"},
    )


def is_late(expires_at: int | None) -> bool:
    """Whether a job must not begin any more."""
    return expires_at is not None and expires_at <= now()


def _sentence(said: dict[str, Any] | None, locale: str) -> str:
    if said is None:
        return ""
    text, params = said["text"], said["params"]
    return translate(text, locale, **params)
