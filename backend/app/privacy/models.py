"""Deletions of persons: asked for, waiting, done. The row stays as the proof that it was done."""

from sqlmodel import Field, SQLModel

from app.kernel.clock import now
from app.kernel.models import Id, UserId, time_column


class PersonDeletion(SQLModel, table=True):
    """One person's deletion. Cancelling removes the row; `user_id` is no foreign key, as in `jobs`."""

    __tablename__ = "person_deletions"

    user_id: UserId = Field(primary_key=True, max_length=50)
    job_id: Id = time_column()
    """The job that does it; only the one named here may."""
    requested_by: UserId = Field(max_length=50)
    requested_at: int = time_column(default_factory=now)
    due_at: int = time_column()
    finished_at: int | None = time_column(default=None)
