"""Background work on files."""

import asyncio
from functools import partial
from typing import Any

from app.files import private_files
from app.jobs.kinds import Nothing, job
from app.jobs.runs import Run
from app.kernel.i18n import sentence

BATCH = 200


@job("files.sweep_private", Nothing, title=sentence("Clean-up of expired files"))
async def sweep_private(run: Run, _: Nothing) -> dict[str, Any]:
    """Remove private files whose time is over, and what crashed attempts left behind."""
    expired = 0
    while True:
        run.check()
        async with run.db.reading() as session:
            rows = await private_files.expired(session, BATCH)
        # The bytes first: a crash between leaves a row whose time is over, which the next sweep finds again.
        for row in rows:
            await asyncio.to_thread(private_files.discard, private_files.location(run.settings, row))
        ids = [row.id for row in rows]
        if ids:
            await run.db.write(partial(private_files.remove, ids=ids))
        expired += len(rows)
        if len(rows) < BATCH:
            break
    async with run.db.reading() as session:
        left = await private_files.abandoned(session, run.settings)
    for path in left:
        run.check()
        await asyncio.to_thread(private_files.discard, private_files.folder(run.settings) / path)
    return {"expired": expired, "abandoned": len(left)}
