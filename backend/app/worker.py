"""Background work: which handlers there are, what they are given, and the process that does nothing else."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

from loguru import logger
from prometheus_client import start_http_server
from sqlalchemy.exc import SQLAlchemyError

import app.accounts.tasks
import app.automation.tasks
import app.chat.contacts_tasks
import app.chat.exports.tasks
import app.chat.housekeeping_tasks
import app.chat.imports.tasks
import app.chat.reports_tasks
import app.chat.routing_tasks
import app.chat.tasks
import app.files.private_tasks
import app.files.tasks
import app.jobs.tasks
import app.messengers.tasks
import app.privacy.tasks
import app.webhooks.tasks  # noqa: F401
from app.automation import engine as automation
from app.automation.events import RulesChanged
from app.chat import automatic_answers
from app.chat.desk import Desk
from app.chat.reactions import Reaction
from app.files.storage.local import LocalStorage
from app.jobs import metrics, schedule
from app.jobs.bells import Bells
from app.jobs.kinds import QUEUES
from app.jobs.runs import Services
from app.jobs.worker import Worker
from app.kernel import instances, logs
from app.kernel.broker import broker_for
from app.kernel.config import Settings
from app.kernel.db import Database
from app.kernel.events import Event
from app.kernel.node_leases import leased_node
from app.kernel.single_process import only_server_of
from app.messengers.carriers import Carriers, carriers_for
from app.schedule import SCHEDULE
from app.webhooks.relay import Relay
from app.webhooks.sender import Sender

LIFE_SECONDS = 5.0
ALIVE_FILES = "worker-*.alive"  # with the process id for the star


RETRY_SECONDS = 1.0
BACKGROUND = 5  # added to a worker's nice value: where it shares a machine with the chat, people come first


def services(settings: Settings, desk: Desk) -> Services:
    """What handlers may ask their run for."""
    return {
        Desk: desk,
        LocalStorage: LocalStorage(settings.media_dir),
        Carriers: carriers_for(settings),
        Sender: Sender(settings),
    }


def reactions(desk: Desk) -> list[Reaction]:
    """What follows by itself from messages, in this order."""
    return [desk.dispatcher.reaction(), automatic_answers.reaction(desk), automation.reaction(desk)]


@asynccontextmanager
async def at_work(desk: Desk, names: Sequence[str], concurrency: int | None = None) -> AsyncIterator[Worker | None]:
    """Ring for what this process commits and, with `names`, run the jobs of these queues while the block runs."""
    db, settings = desk.db, desk.settings
    bells, relay = Bells(settings.broker_url, names), Relay(db)

    def publish(happened: Sequence[Event]) -> None:
        desk.broadcasts.events(happened)
        desk.dispatcher.events(happened)
        bells.events(happened)
        relay.events(happened)
        if any(isinstance(event, RulesChanged) for event in happened):
            desk.reactions.refresh_soon()

    db.publish = publish
    desk.on_messages.append(relay.note)
    async with AsyncExitStack() as stack:
        await relay.start()
        stack.push_async_callback(relay.stop)
        for reaction in reactions(desk):
            desk.reactions.add(reaction)
        await desk.reactions.start()
        stack.push_async_callback(desk.reactions.stop)
        await desk.dispatcher.start()
        stack.push_async_callback(desk.dispatcher.stop)
        if not names:
            await bells.start()
            stack.push_async_callback(bells.stop)
            yield None
            return
        schedule.use(SCHEDULE)
        worker = Worker(db, settings, bells, services(settings, desk), names, concurrency)
        await worker.start()
        stack.push_async_callback(worker.stop)
        yield worker


def run(settings: Settings, names: Sequence[str], concurrency: int | None) -> None:
    """A process of its own for jobs, until a signal ends it. What runs then may finish or is handed back."""
    if hasattr(os, "nice"):
        os.nice(BACKGROUND)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_run(settings, names, concurrency))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop, as the server has it, where it exists."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


async def _answers(db: Database, ended: asyncio.Event) -> None:
    """Wait for a database that is not there yet, or just now: a worker outlives every restart of what it stands on."""
    while not ended.is_set():
        try:
            await db.ping()
        except (SQLAlchemyError, OSError) as error:
            logger.warning("worker: the database does not answer: {}", error)
            await asyncio.sleep(RETRY_SECONDS)
        else:
            return


async def _run(settings: Settings, names: Sequence[str], concurrency: int | None) -> None:
    logs.set_up(settings)
    ended = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, ended.set)
    async with AsyncExitStack() as stack:
        db = Database(settings)
        if db.dialect == "sqlite":
            stack.enter_context(only_server_of(Path(db.url.database or "")))
        stack.push_async_callback(db.dispose)
        await _answers(db, ended)
        await stack.enter_async_context(leased_node(db, settings))
        desk = Desk(settings, db, broker_for(settings))
        await desk.start()
        stack.push_async_callback(desk.stop)
        await stack.enter_async_context(at_work(desk, names or list(QUEUES), concurrency))
        await stack.enter_async_context(instances.alive(db, "worker", desk.facts))
        if settings.worker_metrics_port:
            scraped, _ = start_http_server(settings.worker_metrics_port, settings.host)
            stack.callback(scraped.server_close)
            stack.callback(scraped.shutdown)
        logger.info("worker: at work on {}", ", ".join(names or QUEUES))
        await _show_life(db, settings.var_dir / ALIVE_FILES.replace("*", str(os.getpid())), ended)
        logger.info("worker: stopping")


async def _show_life(db: Database, file: Path, ended: asyncio.Event) -> None:
    """Until `ended`: read how the queues stand, and touch `file` whenever the database answered, for a supervisor."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    while not ended.is_set():
        if await metrics.look(db):
            await asyncio.to_thread(file.touch)
        with suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), LIFE_SECONDS)
    await asyncio.to_thread(file.unlink, missing_ok=True)
