"""What uploads leave behind: rows that no message took, bytes that no row names. Rows go first, bytes after the commit.

A crash between the two leaves bytes without a row, which the next sweep finds.
"""

from collections.abc import Iterable, Sequence
from typing import Any, cast

from sqlalchemy import CursorResult, exists
from sqlmodel import col, delete, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.files.models import StoredFile
from app.files.storage import Storage
from app.files.uploads import row_paths
from app.files.uses import FileUse, Gone

FOLDER = "uploads"  # below the media folder; default avatars and private files are none of our business


async def leftovers(session: AsyncSession, before: int, limit: int) -> list[StoredFile]:
    """Uploads older than `before` (seconds) that no message and no profile took, the oldest first."""
    untaken = (col(StoredFile.attached_at).is_(None), col(StoredFile.created_at) < before)
    oldest = select(StoredFile).where(*untaken).order_by(col(StoredFile.created_at)).limit(limit)
    return list((await session.exec(oldest)).all())


async def drop(session: AsyncSession, rows: Sequence[StoredFile]) -> list[Gone]:
    """Delete those of `rows` that are still untaken; one that was taken meanwhile stays, and so do its bytes."""
    gone = []
    for row in rows:
        untaken = (col(StoredFile.id) == row.id) & col(StoredFile.attached_at).is_(None)
        if cast("CursorResult[Any]", await session.exec(delete(StoredFile).where(untaken))).rowcount == 1:
            gone.append(Gone(row.path, row.thumbnail_path))
    return gone


async def remove_of(session: AsyncSession, owner_id: str, limit: int, *, unused_only: bool = False) -> list[Gone]:
    """Delete up to `limit` files of one person: whoever shows them, or those that no conversation shows."""
    query = select(StoredFile).where(StoredFile.owner_id == owner_id)
    if unused_only:
        query = query.where(~exists().where(col(FileUse.file_id) == col(StoredFile.id)))
    rows = (await session.exec(query.order_by(col(StoredFile.id)).limit(limit).with_for_update())).all()
    await session.exec(delete(StoredFile).where(col(StoredFile.id).in_([row.id for row in rows])))
    return [Gone(row.path, row.thumbnail_path) for row in rows]


async def unnamed(session: AsyncSession, paths: Sequence[str]) -> list[str]:
    """Those of `paths` that no row names."""
    candidates = {candidate for path in paths for candidate in row_paths(path)}
    rows = select(StoredFile.path, StoredFile.thumbnail_path).where(col(StoredFile.path).in_(candidates))
    named = {path for row in (await session.exec(rows)).all() for path in row}
    return [path for path in paths if path not in named]


async def has_files(session: AsyncSession) -> bool:
    """False for a database without a single file. Beside a full folder that is the wrong database, not a clean-up."""
    return (await session.exec(select(func.count()).select_from(select(StoredFile.id).limit(1).subquery()))).one() > 0


async def discard(storage: Storage, gone: Iterable[Gone]) -> None:
    """Remove bytes whose rows are gone. After the commit: before it, a rollback would leave a row without bytes."""
    for path, thumbnail_path in gone:
        await storage.remove(path)
        if thumbnail_path:
            await storage.remove(thumbnail_path)
