"""The verbs of uploads: receive one, and let a message take what its sender owns."""

import asyncio
import hashlib
import secrets
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, BinaryIO, NamedTuple, TypeVar, cast

from sqlalchemy import CursorResult
from sqlmodel import col, func, or_, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from app.files import images, kinds, urls, uses
from app.files.models import StoredFile
from app.files.storage import Storage
from app.kernel.clock import now
from app.kernel.db import Database
from app.kernel.errors import AppError, Invalid, NotFound

T = TypeVar("T")
THUMBNAIL = "-small.webp"
THREADS = 2  # an image of 40 million pixels takes 240 MB while it is drawn

_pool = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="uploads")


class _Prepared(NamedTuple):
    """What is stored of an upload."""

    kind: kinds.Kind
    content: bytes
    sha256: str
    width: int | None = None
    height: int | None = None
    thumbnail: bytes | None = None


async def receive(db: Database, storage: Storage, owner_id: str, name: str | None, source: BinaryIO) -> StoredFile:
    """Store an upload of `owner_id`. 415 for a kind that is not taken, 413 for an image with too many pixels.

    `source` is a file whose size was limited when it was received. The row comes after the bytes: a crash between
    leaves a file that nobody names, never a name without a file.
    """
    shown = kinds.label(name)
    prepared = await _in_thread(lambda: _prepare(source.read(), shown))
    stem = f"uploads/{time.strftime('%Y/%m/%d', time.gmtime(now()))}/{secrets.token_urlsafe(18)}"
    row = StoredFile(
        owner_id=owner_id,
        name=shown,
        path=f"{stem}.{prepared.kind.ending}",
        content_type=prepared.kind.content_type,
        size=len(prepared.content),
        width=prepared.width,
        height=prepared.height,
        thumbnail_path=f"{stem}{THUMBNAIL}" if prepared.thumbnail else None,
        sha256=prepared.sha256,
    )
    await storage.put(row.path, prepared.content)
    if row.thumbnail_path and prepared.thumbnail:
        await storage.put(row.thumbnail_path, prepared.thumbnail)
    async with db.writing() as session:
        session.add(row)
        await session.flush()
    return row


async def take(
    session: AsyncSession, owner_id: str, ids: Sequence[int], used_by: int, lent: Collection[int] = ()
) -> list[dict[str, Any]]:
    """Snapshots of the owner's files for a message in `used_by`, in the order of `ids`, with relative links.

    A file may be taken again by its owner (the same picture to two buyers). 404 for another's, as for an unknown one,
    unless it is among `lent`: somebody has shared it with the taker.
    The rows are locked, so that no sweep removes what is being taken.
    """
    if not ids:
        return []
    may = (
        or_(col(StoredFile.owner_id) == owner_id, col(StoredFile.id).in_(lent))
        if lent
        else StoredFile.owner_id == owner_id
    )
    mine = select(StoredFile).where(col(StoredFile.id).in_(ids), may)
    locked = mine.order_by(col(StoredFile.id)).with_for_update()
    found = {row.id: row for row in (await session.exec(locked)).all()}
    if any(file_id not in found for file_id in ids):
        raise NotFound("attachment_not_found", "There is no such file of yours.")
    fresh = [file_id for file_id, row in found.items() if row.attached_at is None]
    if fresh:
        await session.exec(update(StoredFile).where(col(StoredFile.id).in_(fresh)).values(attached_at=now()))
    await uses.add(session, ids, used_by)
    return [snapshot(found[file_id]) for file_id in ids]


async def keep(session: AsyncSession, link: str) -> None:
    """A profile shows this (relative) link from now on: no sweep may take it. 400 for an upload that is not there."""
    path = link.removeprefix(urls.PREFIX)
    if not path.startswith("uploads/"):
        return
    named = col(StoredFile.path).in_(row_paths(path))
    kept = update(StoredFile).where(named).values(attached_at=func.coalesce(StoredFile.attached_at, now()))
    if cast("CursorResult[Any]", await session.exec(kept)).rowcount == 0:
        raise Invalid("foreign_link", "Only files that were uploaded here can be used.")


def row_paths(path: str) -> list[str]:
    """Under which paths the row may stand that names `path`: its own, or that of the picture whose thumbnail it is."""
    return [path, path.removesuffix(THUMBNAIL) + ".webp"] if path.endswith(THUMBNAIL) else [path]


def snapshot(row: StoredFile) -> dict[str, Any]:
    """What a message keeps of a file, with relative links."""
    return {
        "id": str(row.id),
        "url": urls.of_path(row.path),
        "name": row.name,
        "size": row.size,
        "content_type": row.content_type,
        "width": row.width,
        "height": row.height,
        "thumbnail_url": urls.of_path(row.thumbnail_path) if row.thumbnail_path else None,
    }


def _prepare(content: bytes, name: str) -> _Prepared:
    if not content:
        raise AppError(415, "empty_file", "This file is empty.")
    kind = kinds.kind_of(content, name)
    if not kind.is_image:
        return _Prepared(kind, content, hashlib.sha256(content).hexdigest())
    drawn = images.redraw(content)
    sha256 = hashlib.sha256(drawn.content).hexdigest()
    return _Prepared(
        kinds.Kind("webp", "image/webp"), drawn.content, sha256, drawn.width, drawn.height, drawn.thumbnail
    )


async def _in_thread(work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(_pool, work)
