"""Which rows show which files, so that a file goes with the last of them and never before.

A file may be sent several times by its owner. Whoever takes a file and whoever removes one lock its row first, so that
the two never miss each other.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import sqlalchemy as sa
from sqlmodel import Field, SQLModel, col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.files.models import StoredFile
from app.kernel.models import Id
from app.kernel.sql import upsert


class FileUse(SQLModel, table=True):
    """A file that a conversation shows. `used_by` is no foreign key: files know no room above them."""

    __tablename__ = "file_uses"

    file_id: Id = Field(
        sa_column=sa.Column(
            sa.BigInteger, sa.ForeignKey("files.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
        )
    )
    used_by: Id = Field(primary_key=True, sa_type=cast(Any, sa.BigInteger), index=True)
    """The Snowflake of what shows it; these are unique over all tables."""


class Gone(NamedTuple):
    """A file whose row is deleted: its bytes are to be removed after the commit."""

    path: str
    thumbnail_path: str | None


async def add(session: AsyncSession, file_ids: Sequence[int], used_by: int) -> None:
    """Note that `used_by` shows these files; again changes nothing."""
    rows = [{"file_id": file_id, "used_by": used_by} for file_id in file_ids]
    await upsert(session, FileUse, rows, key=["file_id", "used_by"], update=[])


async def release(session: AsyncSession, used_by: Sequence[int]) -> list[Gone]:
    """What these rows showed is shown by them no more; files that nobody shows now are deleted."""
    theirs = col(FileUse.used_by).in_(used_by)
    ids = sorted(set((await session.exec(select(FileUse.file_id).where(theirs))).all()))
    return await _dropped(session, ids, theirs)


async def forget(session: AsyncSession, used_by: int, file_ids: Sequence[int]) -> list[Gone]:
    """`used_by` shows these of its files no more; those that nobody shows now are deleted."""
    return await _dropped(session, sorted(file_ids), col(FileUse.used_by) == used_by)


async def _dropped(session: AsyncSession, ids: Sequence[int], theirs: sa.ColumnElement[bool]) -> list[Gone]:
    if not ids:
        return []
    locked = select(StoredFile).where(col(StoredFile.id).in_(ids)).order_by(col(StoredFile.id)).with_for_update()
    rows = (await session.exec(locked)).all()
    await session.exec(delete(FileUse).where(theirs, col(FileUse.file_id).in_(ids)))
    shown = set((await session.exec(select(FileUse.file_id).where(col(FileUse.file_id).in_(ids)))).all())
    unused = [row for row in rows if row.id not in shown]
    await session.exec(delete(StoredFile).where(col(StoredFile.id).in_([row.id for row in unused])))
    return [Gone(row.path, row.thumbnail_path) for row in unused]
