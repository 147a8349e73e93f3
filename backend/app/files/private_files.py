"""Files for one person only: results of jobs, uploads that a job will read. They never lie in the public media folder.

Each has a folder of its own with a random name. The row comes after the bytes, so a crash leaves a folder that no row
names: the next attempt of the job, or the sweep, takes it away.
"""

import asyncio
import hashlib
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path

from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.files.models import PrivateFile
from app.kernel.clock import now
from app.kernel.config import Settings
from app.kernel.ids import new_id

RESULT_SECONDS = 7 * 86_400
UPLOAD_SECONDS = 86_400
ABANDONED_SECONDS = 86_400  # a folder without a row: longer than any job may take
_RANDOM_BYTES = 18
FILE = "content"  # the name of each in its folder


def folder(settings: Settings) -> Path:
    """Where they lie, on every instance the same volume."""
    return settings.var_dir / "private"


def new_path(settings: Settings, job_id: int | None = None) -> Path:
    """Where to write one file, in an empty folder that may take its temporary files too. Blocks: for threads.

    What an earlier attempt of the same job left half done is taken away.
    """
    base = folder(settings)
    base.mkdir(mode=0o700, parents=True, exist_ok=True)
    stem = "upload" if job_id is None else f"job-{job_id}"
    if job_id is not None:
        for half in base.glob(f"{stem}-*"):
            shutil.rmtree(half, ignore_errors=True)
    made = base / f"{stem}-{secrets.token_urlsafe(_RANDOM_BYTES)}"
    made.mkdir(mode=0o700)
    return made / FILE


async def describe(
    settings: Settings, file: Path, *, owner_id: str, name: str, content_type: str, job_id: int | None = None
) -> PrivateFile:
    """The row of a finished file, not added yet. Reads the file once, in a thread."""
    size, sha256 = await asyncio.to_thread(_measure, file)
    return PrivateFile(
        id=new_id(),
        job_id=job_id,
        owner_id=owner_id,
        path=file.relative_to(folder(settings)).as_posix(),
        name=name,
        content_type=content_type,
        size=size,
        sha256=sha256,
        expires_at=now() + (UPLOAD_SECONDS if job_id is None else RESULT_SECONDS),
    )


async def add(session: AsyncSession, row: PrivateFile) -> None:
    """Make a described file known."""
    session.add(row)
    await session.flush()


async def of_job(session: AsyncSession, owner_id: str, job_id: int) -> PrivateFile | None:
    """What a job made, for its owner."""
    mine = select(PrivateFile).where(PrivateFile.job_id == job_id, PrivateFile.owner_id == owner_id)
    return (await session.exec(mine)).first()


async def get(session: AsyncSession, owner_id: str, file_id: int) -> PrivateFile | None:
    """A file of this owner's; None for another's, and for one whose time is over."""
    mine = select(PrivateFile).where(PrivateFile.id == file_id, PrivateFile.owner_id == owner_id)
    return (await session.exec(mine.where(col(PrivateFile.expires_at) > now()))).first()


async def remove(session: AsyncSession, ids: Sequence[int]) -> int:
    """Forget rows, not yet bytes; says how many there were. Of two who take the same file, one is told 0."""
    gone = await session.exec(delete(PrivateFile).where(col(PrivateFile.id).in_(ids)))
    return int(gone.rowcount)


async def expired(session: AsyncSession, limit: int) -> list[PrivateFile]:
    """Files whose time is over, the oldest first."""
    over = select(PrivateFile).where(col(PrivateFile.expires_at) <= now()).order_by(col(PrivateFile.expires_at))
    return list((await session.exec(over.limit(limit))).all())


async def abandoned(session: AsyncSession, settings: Settings) -> list[str]:
    """Paths of files that no row names, a day after their folder was last written to."""
    old = await asyncio.to_thread(_old_paths, folder(settings), now() - ABANDONED_SECONDS)
    named: set[str] = set()
    for start in range(0, len(old), 200):
        some = select(PrivateFile.path).where(col(PrivateFile.path).in_(old[start : start + 200]))
        named |= set((await session.exec(some)).all())
    return [path for path in old if path not in named]


def location(settings: Settings, row: PrivateFile) -> Path:
    """Where the bytes lie."""
    return folder(settings) / row.path


def discard(path: Path) -> None:
    """Take the bytes away, with their folder. Blocks: for threads."""
    shutil.rmtree(path.parent, ignore_errors=True)


def _measure(file: Path) -> tuple[int, str]:
    with file.open("rb") as content:
        return file.stat().st_size, hashlib.file_digest(content, "sha256").hexdigest()


def _old_paths(base: Path, before: int) -> list[str]:
    if not base.is_dir():
        return []
    return [f"{path.name}/{FILE}" for path in base.iterdir() if path.is_dir() and _last_write(path) < before]


def _last_write(path: Path) -> float:
    return max(entry.stat().st_mtime for entry in [path, *path.iterdir()])
