"""One chaos run: jobs are added while workers die; afterwards the rows and the ledger are compared."""

import asyncio
import os
import random
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, func, select

import app.worker  # noqa: F401  # every kind of the product, as its processes have them
from app.jobs import queue
from app.jobs.bells import Bells
from app.jobs.models import ENDED, Job
from app.kernel import ids
from app.kernel.config import Settings
from app.kernel.db import Database
from loadtest import processes
from loadtest.databases import own_postgresql, run_parley, sqlite_url
from loadtest.jobs import kinds, verdict
from loadtest.jobs.faults import Faults
from loadtest.jobs.ledger import Ledger
from loadtest.processes import Process, product_environment

NODE = 1023  # a Snowflake node of our own; leases are given at random, so the workers are told to leave it
WORK_OFF_SECONDS = 30  # after two leases, in which nothing may be stuck


@dataclass(frozen=True)
class Options:
    """`jobs` are spread over `seconds`; faults go on as long."""

    shape: str = "sqlite"
    workers: int = 1
    jobs: int = 1000
    seconds: float = 60
    seed: int = 1
    lease: float = 30


@dataclass
class Result:
    """What came of it. `longest_gap` and `afterwards` are seconds."""

    violations: list[str]
    counts: Counter[str]
    jobs: int = 0
    runs: int = 0
    lease: float = 30
    longest_gap: float = 0.0
    afterwards: float = 0.0
    logs: Path | None = None
    notes: list[str] = field(default_factory=list)

    def summary(self) -> str:
        faults = ", ".join(f"{count} {name}" for name, count in sorted(self.counts.items()))
        return (
            f"{self.jobs} jobs in {self.runs} runs; {faults}\n"
            f"longest time from a worker's death to the job's next run: {self.longest_gap:.1f} s "
            f"(two leases: {2 * self.lease:.0f} s); all done {self.afterwards:.1f} s after the last fault\n"
            f"{'kept every promise' if not self.violations else f'{len(self.violations)} violations'}"
        )


async def run(options: Options) -> Result:
    """Make everything, break it, judge it."""
    folder = Path(tempfile.mkdtemp(prefix="parley-jobs-"))
    with ExitStack() as stack:
        redis = processes.redis(folder) if options.shape == "postgres" else None
        url = stack.enter_context(own_postgresql("jobs")) if options.shape == "postgres" else sqlite_url(folder)
        broker = f"redis://127.0.0.1:{redis.port}/0" if redis else ""
        ledger = Ledger()
        await ledger.start()
        os.environ[kinds.LEDGER_PORT] = str(ledger.port)
        os.environ["JOB_LEASE_SECONDS"] = str(options.lease)
        if redis is not None:
            await redis.start()
        environment = product_environment(folder, url, broker)
        run_parley(environment, "migrate")
        clocks = [folder / f"clock-{number}" for number in range(options.workers)]
        workers = [_worker(number, folder, url, broker, clock) for number, clock in enumerate(clocks)]
        try:
            result = await _run(options, url, broker, workers, clocks, redis, ledger)
        finally:
            for process in (*workers, *filter(None, [redis])):
                process.stop()
            await ledger.stop()
    tracebacks = [worker.log for worker in workers if "Traceback" in _without_wanted(worker.log)]
    result.violations += [f"a traceback in {log}" for log in tracebacks]
    if result.violations:
        result.logs = folder
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return result


ENTRY = re.compile(r"^(?=\d\d:\d\d:\d\d\.\d+ )", re.MULTILINE)  # of a worker's log


def _worker(number: int, folder: Path, url: str, broker: str, clock: Path) -> Process:
    clock.write_text("0")
    var = folder / f"worker-{number}"
    var.mkdir()
    port = processes.free_port()
    what = "worker" if broker else "serve"
    command = [sys.executable, "-m", "loadtest.jobs.process", what, str(clock)]
    return Process(
        f"worker-{number}", command, product_environment(var, url, broker, port), port, folder / f"{number}.log"
    )


async def _run(
    options: Options, url: str, broker: str, workers: list[Process], clocks: list[Path], redis: Process | None,
    ledger: Ledger,
) -> Result:  # fmt: skip
    chance = random.Random(options.seed)
    settings = Settings(
        _env_file=None, database_url=url, broker_url=broker, secret_key=processes.SECRET, var_dir=clocks[0].parent
    )
    ids.use_node(NODE)
    db = Database(settings)
    bells = Bells(broker)
    db.publish = bells.events
    await bells.start()
    async with db.writing() as session:
        await (await session.connection()).execute(text(kinds.EFFECTS))
    for worker in workers:
        worker.spawn()
    faults = Faults(workers, clocks, redis, url, chance, options.lease)
    adding = asyncio.create_task(_add(db, options, chance))
    await faults.run(lambda: not adding.done())
    await adding
    ended_at = time.monotonic()
    while await _open(db) and time.monotonic() - ended_at < 2 * options.lease + WORK_OFF_SECONDS:
        await asyncio.sleep(0.25)
    async with db.reading() as session:
        jobs = list((await session.exec(select(Job).where(col(Job.kind).like("load.%")))).all())
        effects = await (await session.connection()).execute(text("SELECT job_id FROM load_effects"))
        rows = Counter(int(job_id) for (job_id,) in effects.all())
    result = Result(verdict.violations(jobs, rows, ledger, faults, options.lease), faults.counts, len(jobs))
    result.lease = options.lease
    result.runs = sum(map(len, ledger.spans.values()))
    result.longest_gap = verdict.longest_gap(ledger, faults)
    result.afterwards = time.monotonic() - ended_at
    wanted = options.jobs
    added = sum(1 for job in jobs if job.kind != "load.child")
    if added != wanted:
        result.violations.append(f"{added} jobs instead of {wanted}")
    if result.longest_gap > 2 * options.lease:
        result.violations.append(f"a job was stuck for {result.longest_gap:.1f} s")
    await bells.stop()
    await db.dispose()
    return result


async def _add(db: Database, options: Options, chance: random.Random) -> None:
    """Add every job under a key of its own, some twice, again and again while the database is away."""
    for number in range(options.jobs):
        kind, effort = _drawn(number, chance, options.lease)
        for _ in range(2 if chance.random() < 0.1 else 1):
            has_lane = chance.random() < 0.2 and kind != "load.long"  # nothing queues behind minutes
            await _enqueue(db, kind, effort, f"load-{number}", f"key-{number % 50}" if has_lane else None)
        await asyncio.sleep(options.seconds / options.jobs * chance.uniform(0, 2))


async def _enqueue(db: Database, kind: str, effort: kinds.Effort, key: str, lane: str | None) -> None:
    while True:
        try:
            await db.write(
                lambda session: queue.enqueue(session, kind, effort, idempotency_key=key, concurrency_key=lane)
            )
            return
        except (SQLAlchemyError, OSError):
            await asyncio.sleep(0.2)


def _drawn(number: int, chance: random.Random, lease: float) -> tuple[str, kinds.Effort]:
    if number % 100 == 7:
        return "load.long", kinds.Effort(seconds=lease + chance.uniform(2, 8))
    kind = chance.choice(("load.effect", "load.effect", "load.row"))
    return kind, kinds.Effort(seconds=chance.uniform(0, 0.6), breaks=0.05)


async def _open(db: Database) -> int:
    try:
        async with db.reading() as session:
            waiting = select(func.count()).select_from(Job).where(col(Job.status).not_in(ENDED))
            return (await session.exec(waiting.where(col(Job.kind).like("load.%")))).one()
    except (SQLAlchemyError, OSError):
        return 1


def _without_wanted(log: Path) -> str:
    """The log without the tracebacks that `load.effect` breaks on purpose."""
    said = log.read_text(errors="replace") if log.exists() else ""
    return "\n".join(part for part in ENTRY.split(said) if "broken on purpose" not in part)
