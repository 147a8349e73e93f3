"""The minute's look at all queues: what an away person left unanswered, and what a process that died left waiting."""

from functools import partial
from typing import Any

from app.chat import routing, team
from app.chat.desk import Desk
from app.jobs.kinds import Nothing, job
from app.jobs.runs import Run
from app.kernel.i18n import sentence

team.listen()


@job("chat.route", Nothing, title=sentence("Conversations that wait for somebody"), soft_seconds=50, hard_seconds=120)
async def route(run: Run, _: Nothing) -> dict[str, Any]:
    """Give back, then drain, shop after shop."""
    desk, returned, given = run.service(Desk), 0, 0
    async with run.db.reading() as session:
        shops = sorted(await routing.shops(session))
    for merchant_id in shops:
        run.check()
        returned += len(await run.db.write(partial(routing.give_back, merchant_id=merchant_id)))
        while here := await run.db.write(partial(routing.drain, merchant_id=merchant_id)):
            given += len(here)
        desk.dispatcher.note(merchant_id)
    return {"returned": returned, "given": given}
