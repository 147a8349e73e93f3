"""The product with one more kind of job, for tests that need whole processes: `python -m tests.jobs.walking serve`."""

import asyncio
from typing import Any, Literal

from pydantic import BaseModel

from app.cli import main
from app.jobs.kinds import GiveUp, job
from app.jobs.runs import Run
from app.kernel import clock
from app.kernel.identity import Role


class Walk(BaseModel):
    """`seconds` for each of `steps`; then how it ends."""

    steps: int = 10
    seconds: float = 0.1
    end: Literal["done", "give_up", "break"] = "done"


# A real title, so that the pages have it in both languages.
@job(
    "tests.walk",
    Walk,
    title="Export of conversations",
    queue="exports",
    max_attempts=2,
    is_one_per_person=False,
    backoff_seconds=0,
    starters=frozenset({Role.MERCHANT, Role.ADMIN}),
)
async def walk(run: Run, way: Walk) -> dict[str, Any]:
    told_at = []
    for step in range(way.steps):
        told_at.append(clock.monotonic())
        await run.progress(100 * step / way.steps, "{n} of {total} messages", n=step, total=way.steps)
        await asyncio.sleep(way.seconds)
    if way.end == "give_up":
        raise GiveUp("nothing_there", "There is nothing here.")
    if way.end == "break":
        raise RuntimeError("a fault in a handler")
    return {"told_at": told_at}


if __name__ == "__main__":
    main()
