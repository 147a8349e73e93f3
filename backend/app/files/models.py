"""Files that users sent, and files for one person only. A row says whose the bytes are and where they lie."""

from typing import Any, cast

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.kernel.clock import now
from app.kernel.models import Id, UserId, id_column


class StoredFile(SQLModel, table=True):
    """One upload. `name` is the sender's label only; `path` is ours and random."""

    __tablename__ = "files"
    __table_args__ = (sa.Index("ix_files_leftover", "attached_at", "created_at"),)

    id: Id = id_column()
    owner_id: UserId = Field(foreign_key="users.id", ondelete="CASCADE", index=True, max_length=50)
    name: str = Field(max_length=200)
    path: str = Field(max_length=300, unique=True)
    """Below the media folder, as `uploads/2026/11/22/<random>.webp`."""
    content_type: str = Field(max_length=100)
    size: int = Field(sa_type=cast(Any, sa.BigInteger))
    """Bytes as stored, which for images is not what was sent."""
    width: int | None = None
    height: int | None = None
    thumbnail_path: str | None = Field(default=None, max_length=300)
    sha256: str = Field(max_length=64)
    created_at: int = Field(default_factory=now, sa_type=cast(Any, sa.BigInteger), index=True)
    attached_at: int | None = Field(default=None, sa_type=cast(Any, sa.BigInteger))
    """When a message first took it; null rows are leftovers that a sweep may remove."""


class PrivateFile(SQLModel, table=True):
    """A file for one person: what a job made for its owner, or an upload that a job will read. It has an end.

    Owner and job are no foreign keys, as in `jobs`.
    """

    __tablename__ = "private_files"

    id: Id = id_column()
    job_id: Id | None = Field(default=None, sa_type=cast(Any, sa.BigInteger), unique=True)
    """The job that made it; none for an upload."""
    owner_id: UserId = Field(max_length=50, index=True)
    path: str = Field(max_length=300, unique=True)
    """Below the private folder; random, and not to be learnt from outside."""
    name: str = Field(max_length=200)
    content_type: str = Field(max_length=100)
    size: int = Field(sa_type=cast(Any, sa.BigInteger))
    sha256: str = Field(max_length=64)
    expires_at: int = Field(sa_type=cast(Any, sa.BigInteger), index=True)
    created_at: int = Field(default_factory=now, sa_type=cast(Any, sa.BigInteger))
