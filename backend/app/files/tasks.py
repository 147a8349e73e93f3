"""Background work on uploads that nobody took."""

from functools import partial
from typing import Any

from loguru import logger

from app.files import sweeps
from app.files.storage.local import LocalStorage
from app.jobs.kinds import Nothing, job
from app.jobs.runs import Run
from app.kernel.clock import now
from app.kernel.i18n import sentence

ABANDONED_SECONDS = 86_400  # a draft may wait that long with its files; no upload takes so long
BATCH = 200
LIMITS = {"soft_seconds": 3000, "hard_seconds": 3600}


@job("files.sweep_uploads", Nothing, title=sentence("Clean-up of unused uploads"), **LIMITS)
async def sweep_uploads(run: Run, _: Nothing) -> dict[str, Any]:
    """Remove uploads that no message took within a day, with their bytes."""
    storage, before, removed = run.service(LocalStorage), now() - ABANDONED_SECONDS, 0
    while True:
        run.check()
        async with run.db.reading() as session:
            rows = await sweeps.leftovers(session, before, BATCH)
        if not rows:
            return {"removed": removed}
        gone = await run.db.write(partial(sweeps.drop, rows=rows))
        await sweeps.discard(storage, gone)
        removed += len(gone)


@job("files.sweep_bytes", Nothing, title=sentence("Clean-up of bytes without a file"), **LIMITS)
async def sweep_bytes(run: Run, _: Nothing) -> dict[str, Any]:
    """Remove what lies in the folder of uploads for more than a day and is named by no row: crashes leave it there."""
    storage, before, removed, seen = run.service(LocalStorage), now() - ABANDONED_SECONDS, 0, 0
    async with run.db.reading() as session:
        if not await sweeps.has_files(session):
            logger.info("files: the database names no file at all, so nothing is taken for a leftover")
            return {"removed": 0, "seen": 0}
    async for paths in storage.older_than(sweeps.FOLDER, before, BATCH):
        run.check()
        async with run.db.reading() as session:
            left = await sweeps.unnamed(session, paths)
        for path in left:
            await storage.remove(path)
        removed, seen = removed + len(left), seen + len(paths)
    return {"removed": removed, "seen": seen}
