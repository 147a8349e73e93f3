"""Background work that keeps the house: conversations that nobody answers any more, and people who never wrote."""

from functools import partial
from typing import Any

from app.accounts.shop_settings import ShopSettings
from app.chat import auto_resolve, retention, visitors
from app.chat.desk import Desk
from app.files import sweeps
from app.files.storage.local import LocalStorage
from app.jobs.kinds import Nothing, Retry, job
from app.jobs.runs import Run
from app.kernel.clock import now
from app.kernel.errors import AppError
from app.kernel.i18n import sentence

DAY_SECONDS = 86_400
SILENT_DAYS = 90  # a session lives 30 days after its last use: who is forgotten was away for longer than that
BATCH = 100
OLD_AT_ONCE = 500


@job(
    "chat.forget_visitors", Nothing, title=sentence("Clean-up of silent visitors"), soft_seconds=3000, hard_seconds=3600
)
async def forget_visitors(run: Run, _: Nothing) -> dict[str, Any]:
    """Delete visitors who came 90 days ago or earlier, never wrote and are signed in nowhere."""
    before, after, forgotten = now() - SILENT_DAYS * DAY_SECONDS, (0, ""), 0
    while True:
        run.check()
        async with run.db.reading() as session:
            found = await visitors.silent(session, before, after, BATCH)
        if not found:
            return {"forgotten": forgotten}
        after = found[-1]
        forgotten += await run.db.write(partial(visitors.forget, user_ids=[user_id for _, user_id in found]))


@job("chat.auto_resolve", Nothing, title=sentence("End of silent conversations"), soft_seconds=500, hard_seconds=580)
async def end_silent(run: Run, _: Nothing) -> dict[str, Any]:
    """Warn in, then resolve, conversations whose buyer has been silent for as long as the shop's owner set."""
    after, done = "", {"warned": 0, "resolved": 0}
    while True:
        async with run.db.reading() as session:
            shops = await auto_resolve.shops(session, after, BATCH)
        for shop in shops:
            await _end_silent_of(run, shop, done)
            after = shop.merchant_id
        if len(shops) < BATCH:
            return done


async def _end_silent_of(run: Run, shop: ShopSettings, done: dict[str, int]) -> None:
    at, after = now(), (0, 0)
    while True:
        async with run.db.reading() as session:
            found = await auto_resolve.silent(session, shop, at, after, BATCH)
        for one in found:
            run.check()
            after = (one.last_message_time, one.id)
            try:
                is_forgotten = one.since <= at - auto_resolve.forgotten_seconds(shop)
                if shop.auto_resolve_warning and not one.is_warned and not is_forgotten:
                    if one.since <= at - auto_resolve.warning_seconds(shop):
                        done["warned"] += await auto_resolve.warn(run.service(Desk), shop, one)
                elif one.since <= at - auto_resolve.end_seconds(shop, is_warned=one.is_warned):
                    done["resolved"] += await run.db.write(partial(auto_resolve.end, shop=shop, found=one))
            except AppError as error:
                if error.status == 503:
                    raise Retry("the writer is busy") from error
                continue  # the conversation went, or somebody moved it: nothing to end
        if len(found) < BATCH:
            return


@job(
    "chat.apply_retention",
    Nothing,
    title=sentence("Deletion of old conversations"),
    soft_seconds=3000,
    hard_seconds=3600,
)
async def apply_retention(run: Run, _: Nothing) -> dict[str, Any]:
    """Delete what is older than each shop's owner wants it kept, with its files."""
    after, deleted = "", 0
    while True:
        async with run.db.reading() as session:
            shops = await retention.shops(session, after, BATCH)
        for shop in shops:
            deleted += await _delete_old(run, shop.merchant_id, retention.before(shop.retention_days or 0))
            after = shop.merchant_id
        if len(shops) < BATCH:
            return {"conversations": deleted}


async def _delete_old(run: Run, merchant_id: str, until: int) -> int:
    async with run.db.reading() as session:
        total, deleted = await retention.count(session, merchant_id, until), 0
    while True:
        async with run.db.reading() as session:
            found = await retention.due(session, merchant_id, until, OLD_AT_ONCE)
        for ids in retention.batches(found):
            gone = await run.db.write(partial(retention.remove, merchant_id=merchant_id, ids=ids, until=until))
            await sweeps.discard(run.service(LocalStorage), gone.files)
            deleted += gone.conversations
            percent = 100 * deleted / max(total, deleted, 1)
            await run.progress(percent, "Deleted {n} of {total} conversations", n=deleted, total=max(total, deleted))
        if len(found) < OLD_AT_ONCE:
            return deleted
