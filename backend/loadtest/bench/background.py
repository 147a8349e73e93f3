"""Background jobs: how many a worker process does, how soon it begins, how soon progress is seen, and what the chat

path notices of them. PostgreSQL and Redis, one worker process on the server's core.
"""

import asyncio
import os
import sys
import time
from statistics import median as middle
from statistics import quantiles

from sqlmodel import col, func, select

import loadtest.jobs.kinds  # noqa: F401
from app.jobs import queue
from app.jobs.bells import Bells
from app.jobs.models import ENDED, Job
from app.kernel import ids
from app.kernel.db import Database
from loadtest import processes
from loadtest.bench.report import Report
from loadtest.bench.scene import Plan, Scene, quiet, real_ends, undisturbed
from loadtest.bench.talking import Figures, Talk
from loadtest.processes import Process

NODE = 1022  # a Snowflake node of our own
NO_OPS, NO_OPS_QUICK = 5000, 500
STARTS_PER_SECOND = 20
JOBS_PER_SECOND = 100
STARTING_SECONDS = 3.0
TALKING_PAIRS, MESSAGES_PER_SECOND = 50, 200


class Background:
    """One database with its Redis and its worker; we add the jobs, as a server would."""

    def __init__(self, scene: Scene, plan: Plan, report: Report, url: str, broker: str) -> None:
        self._scene, self._plan, self._report = scene, plan, report
        self.url, self.broker = url, broker
        settings = scene.settings(url).model_copy(update={"broker_url": broker})
        self._db = Database(settings)
        self._bells = Bells(broker)

    async def start(self) -> Process:
        """The worker process, ready to take jobs."""
        ids.use_node(NODE)
        self._db.publish = self._bells.events
        await self._bells.start()
        clock = self._scene.folder / "clock"
        clock.write_text("0")
        var = self._scene.folder / "worker"
        var.mkdir(exist_ok=True)
        environment = processes.product_environment(var, self.url, self.broker)
        command = [sys.executable, "-m", "loadtest.jobs.process", "worker", str(clock)]
        worker = Process("worker", command, environment, 0, self._scene.folder / "worker.log", self._scene.client_core)
        self._scene.keep_running(worker)
        await self._add("load.nothing", 1)
        await self._drained()
        return worker

    async def stop(self) -> None:
        await self._bells.stop()
        await self._db.dispose()

    async def throughput(self, worker: Process) -> None:
        """No-op jobs that wait already, worked off."""
        count = NO_OPS_QUICK if self._plan.is_quick else NO_OPS
        rates, costs = [], []
        for _ in range(self._plan.rounds):
            await undisturbed(self._plan.patience_seconds)
            worker.pause()  # so that all of them wait
            try:
                await self._add("load.nothing", count)
            finally:
                worker.resume()
            began, cpu = time.monotonic(), worker.cpu_seconds()
            await self._drained()
            rates.append(count / (time.monotonic() - began))
            costs.append((worker.cpu_seconds() - cpu) / count * 1e6)
        self._report.rate("no-op jobs a second, one worker process", middle(rates), at_least=300)
        self._report.note(f"a no-op job costs the worker {middle(costs):.0f} µs of CPU")

    async def starts(self) -> None:
        """From the commit of one job to the first line of its handler, on an idle worker."""
        waits = []
        for _ in range(int(STARTS_PER_SECOND * self._plan.seconds * self._plan.rounds)):
            async with self._db.writing() as session:
                job = await queue.enqueue(session, "load.start")
            committed_at = time.clock_gettime(time.CLOCK_MONOTONIC)
            await asyncio.sleep(1 / STARTS_PER_SECOND)
            waits.append((job.id, committed_at))
        await self._drained()
        async with self._db.reading() as session:
            found = await session.exec(select(Job.id, Job.result).where(Job.kind == "load.start"))
            began = {job_id: (result or {})["at"] for job_id, result in found.all()}
        delays = [max(0.0, began[job_id] - committed_at) * 1000 for job_id, committed_at in waits]
        self._report.milliseconds("a job's commit to its start: p50", middle(delays), at_most=15)
        self._report.milliseconds("a job's commit to its start: p99", quantiles(delays, n=100)[98])

    async def beside_the_chat(self, worker: Process) -> None:
        """The chat's latency without and with 100 jobs a second in another process, round by round."""
        pairs = await self._scene.pairs(self.url, TALKING_PAIRS)
        os.environ["RUN_JOBS"] = "false"  # the jobs are another process' business
        server = await self._scene.serve("beside", self.url, self.broker)
        talk = Talk(server, 2)
        await talk.open(real_ends(pairs))
        shares: list[float] = []
        alone: list[Figures] = []
        beside: list[Figures] = []
        plan = self._plan
        for _ in range(plan.rounds * 2):
            for figures, jobs in ((alone, 0), (beside, JOBS_PER_SECOND)):
                await quiet([server])
                await undisturbed(plan.patience_seconds)
                adder, used, began = self._adder(jobs), worker.cpu_seconds(), time.monotonic()
                if jobs:
                    adder.spawn()
                    await asyncio.sleep(STARTING_SECONDS)
                figures.append(
                    await talk.open_loop(TALKING_PAIRS, MESSAGES_PER_SECOND, plan.warm_seconds, plan.seconds)
                )
                adder.kill()
                if jobs:
                    shares.append((worker.cpu_seconds() - used) / (time.monotonic() - began))
                await self._drained()
        for name, taken in (("alone", alone), ("beside", beside)):
            for one in taken:
                self._report.progress("200/s and jobs", name, one)
        p99 = middle(one.p99_ms for one in beside) / middle(one.p99_ms for one in alone)
        p50 = middle(one.p50_ms for one in beside) / middle(one.p50_ms for one in alone)
        self._report.times("chat p99 beside 100 jobs a second, of alone", p99, at_most=1.10)
        self._report.times("chat p50 beside 100 jobs a second, of alone", p50)
        self._report.note(f"the worker used {middle(shares):.0%} of a core for {JOBS_PER_SECOND} jobs a second")
        await talk.close()

    def _adder(self, per_second: int) -> Process:
        """Not in our own loop: what it costs us would look like the chat's latency."""
        environment = processes.product_environment(self._scene.folder, self.url, self.broker)
        command = [sys.executable, "-m", "loadtest.jobs.adding", str(per_second), str(NODE - 1)]
        log = self._scene.folder / "adder.log"
        return Process("adder", command, environment, 0, log, self._scene.client_core)

    async def _add(self, kind: str, count: int) -> None:
        for _ in range(0, count, 100):
            async with self._db.writing() as session:
                for _ in range(min(count, 100)):
                    await queue.enqueue(session, kind)

    async def _drained(self) -> None:
        while True:
            async with self._db.reading() as session:
                waiting = select(func.count()).select_from(Job).where(col(Job.status).not_in(ENDED))
                if (await session.exec(waiting.where(col(Job.kind).like("load.%")))).one() == 0:
                    return
            await asyncio.sleep(0.02)


async def measure(scene: Scene, plan: Plan, report: Report) -> None:
    """All of it."""
    broker = await scene.redis()
    if not broker:
        report.note("no redis-server here: background jobs were not measured")
        return
    background = Background(scene, plan, report, scene.database(), broker)
    worker = await background.start()
    await background.throughput(worker)
    await background.starts()
    await background.beside_the_chat(worker)
    await background.stop()
