"""Tables of reports: those that somebody asked for, and one row for each day of each shop."""

from typing import Any

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field, SQLModel

from app.kernel.clock import now
from app.kernel.models import Id, UserId, id_column, time_column

DAY_LENGTH = 10  # 2026-11-22


class Report(SQLModel, table=True):
    """A report of one shop over some days. `figures` is empty until its job has ended."""

    __tablename__ = "reports"
    __table_args__ = (Index("ix_reports_shop", "merchant_id", "id"),)

    id: Id = id_column()
    merchant_id: UserId = Field(max_length=50, foreign_key="users.id", ondelete="CASCADE")
    first_day: str = Field(max_length=DAY_LENGTH)
    last_day: str = Field(max_length=DAY_LENGTH)
    time_zone: str = Field(max_length=60)
    requested_by: UserId = Field(max_length=50)
    job_id: Id | None = time_column(default=None)
    figures: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    created_at: int = time_column(default_factory=now)
    finished_at: int | None = time_column(default=None)


class DailyReport(SQLModel, table=True):
    """One day of one shop, kept for charts. The last days are counted anew every night: late answers count."""

    __tablename__ = "daily_reports"

    merchant_id: UserId = Field(max_length=50, foreign_key="users.id", ondelete="CASCADE", primary_key=True)
    day: str = Field(max_length=DAY_LENGTH, primary_key=True)
    figures: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    version: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    """Of the counting: what an older one left out is counted again."""
    made_at: int = time_column(default_factory=now)
