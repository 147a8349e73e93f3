"""Measures exports of a full shop: seconds and peak memory of a real worker process, and how long an event loop that

exports as it serves is held up. `python -m loadtest.export [--messages 1000000] [csv xlsx json html]`
"""

import argparse
import asyncio
import gc
import re
import shutil
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from statistics import quantiles

import app.worker  # noqa: F401 - the kinds of jobs
from app.chat.exports.orders import ExportOrder
from app.demo.load import load
from app.jobs import queue
from app.jobs.bells import Bells
from app.jobs.models import ENDED, Job, JobStatus
from app.jobs.worker import Worker
from app.kernel import ids
from app.kernel.config import Settings
from app.kernel.db import Database
from loadtest import databases, processes
from loadtest.processes import Process

TARGET_SECONDS, TARGET_MEGABYTES, TARGET_STALL_MS = 300.0, 200.0, 20.0
FORMATS = ("csv", "xlsx", "json", "html")
CONVERSATIONS_OF = 100  # messages of a conversation, on average
NODE = 1022  # a Snowflake node of our own
MERCHANT = "m1"
LOOK_SECONDS = 0.2


def main() -> None:
    """Print the table; everything that was made is thrown away."""
    parser = argparse.ArgumentParser(prog="python -m loadtest.export", description="Exports beside their targets.")
    parser.add_argument("formats", nargs="*", help=f"some of: {' '.join(FORMATS)}; nothing: all")
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument(
        "--sqlite", action="store_true", help="measure the stall on SQLite; worker processes need a server"
    )
    given = parser.parse_args()
    if unknown := set(given.formats) - set(FORMATS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    processes.end_like_ctrl_c()
    folder = Path(tempfile.mkdtemp(prefix="parley-export-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        url = databases.sqlite_url(folder) if given.sqlite else stack.enter_context(databases.own_postgresql("export"))
        databases.run_parley(processes.product_environment(folder, url), "migrate")
        asyncio.run(_measure(folder, url, given.formats or list(FORMATS), given.messages, given.sqlite))


async def _measure(folder: Path, url: str, formats: list[str], messages: int, is_embedded: bool) -> None:
    settings = Settings(
        _env_file=None, database_url=url, secret_key=processes.SECRET, var_dir=folder, media_dir=folder / "media"
    )
    db = Database(settings)
    ids.use_node(NODE)
    began = time.monotonic()
    loaded = await load(db, max(1, messages // CONVERSATIONS_OF), messages, merchant_id=MERCHANT)
    print(f"loaded {loaded.messages:,} messages in {time.monotonic() - began:.0f} s", flush=True)
    try:
        for name in formats:
            if not is_embedded:
                await _in_a_process(db, folder, url, name)
            await _in_our_loop(db, settings, name)
    finally:
        await db.dispose()


async def _in_a_process(db: Database, folder: Path, url: str, name: str) -> None:
    """`parley worker`, from its start, with nothing else to do."""
    command = [sys.executable, "-m", "app.cli", "worker", "--queues", "exports"]
    worker = Process("worker", command, processes.product_environment(folder, url), 0, folder / "worker.log")
    worker.spawn()
    try:
        job = await _ended(db, await _order(db, name), worker)
        seconds = (job.finished_at or 0) - (job.started_at or 0)
        megabytes, cpu = _peak_megabytes(worker.pid), worker.cpu_seconds()
    finally:
        worker.stop()
    result = job.result or {}
    print(
        f"{name:5} {result.get('messages', 0):>9,} messages, {int(result.get('size', 0)) / 1e6:6.0f} MB: "
        f"{seconds:4} s (at most {TARGET_SECONDS:.0f}), CPU {cpu:4.0f} s, "
        f"peak {megabytes:4.0f} MB (at most {TARGET_MEGABYTES:.0f})",
        flush=True,
    )


async def _in_our_loop(db: Database, settings: Settings, name: str) -> None:
    """As an embedded installation does it; beside it a task that only asks how late it is."""
    gc.collect()
    gc.freeze()  # as `app.asgi` does: a full collection over all modules takes 100 ms
    gc.set_threshold(20_000, 20, 50)
    bells = Bells("", ["exports"])
    db.publish = bells.events
    worker = Worker(db, settings, bells, {}, ["exports"])
    await worker.start()
    late: list[float] = []
    sampler = asyncio.create_task(_sample(late))
    try:
        await _ended(db, await _order(db, name))
    finally:
        sampler.cancel()
        await worker.stop()
    shares = quantiles(late, n=1000)
    print(
        f"{name:5} in a serving loop: held up p50 {shares[499] * 1000:.1f} ms, p99 {shares[989] * 1000:.1f} ms, "
        f"p99.9 {shares[998] * 1000:.1f} ms, once {max(late) * 1000:.0f} ms (at most {TARGET_STALL_MS:.0f})",
        flush=True,
    )


async def _sample(late: list[float]) -> None:
    while True:
        before = time.perf_counter()
        await asyncio.sleep(0.001)
        late.append(time.perf_counter() - before - 0.001)


async def _order(db: Database, name: str) -> Job:
    order = ExportOrder.model_validate({"format": name})
    return await db.write(lambda session: queue.enqueue(session, "chat.export", order, owner_id=MERCHANT))


async def _ended(db: Database, of: Job, worker: Process | None = None) -> Job:
    while True:
        if worker is not None and not worker.is_running:
            raise RuntimeError(f"the worker ended:\n{worker.last_words()}")
        async with db.reading() as session:
            row = await session.get_one(Job, of.id)
        if row.status in ENDED:
            if row.status is not JobStatus.COMPLETED:
                raise RuntimeError(f"the export ended as {row.status}: {row.error} {row.trace}")
            return row
        await asyncio.sleep(LOOK_SECONDS)


def _peak_megabytes(pid: int) -> float:
    """The most that was ever resident (VmHWM), which no sampling can miss."""
    with suppress(OSError):
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        return int(found.group(1)) * 1024 / 1e6 if found else float("nan")
    return float("nan")


if __name__ == "__main__":
    main()
