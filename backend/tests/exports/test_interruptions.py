"""An export that is cancelled, cut off or killed leaves one whole file in the end, and nothing else."""

import asyncio
import json
import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from app.chat.exports import reading, tasks
from app.files import private_files
from app.jobs import claims, queue
from app.jobs.models import Job, JobStatus
from app.jobs.worker import Worker
from app.kernel.db import Database


@pytest.fixture
async def many(talk: Any, chen_the_merchant: Any, lin_the_buyer: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(reading, "CHUNK_ROWS", 5)
    words = [f"message {number}" for number in range(60)]
    await talk("b1", "m1", words)
    return words


class Gate:
    """Stops a reader after some chunks until it is opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached, self.opened = asyncio.Event(), asyncio.Event()
        chunks = reading.Reader.chunks

        async def gated(reader: Any) -> Any:
            count = 0
            async for chunk in chunks(reader):
                yield chunk
                count += 1
                if count == 3:
                    self.reached.set()
                    await self.opened.wait()

        monkeypatch.setattr(reading.Reader, "chunks", gated)


def folders(settings: Any) -> list[str]:
    return sorted(path.name for path in private_files.folder(settings).iterdir())


@pytest.mark.parametrize("format", ["json", "xlsx", "html", "csv"])
async def test_a_cancelled_export_leaves_nothing(
    format: str, many: Any, order: Any, ended: Any, at_work: Any, db: Database, settings: Any,
    chen_the_merchant: Any, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    gate = Gate(monkeypatch)
    async with at_work():
        job = await order(chen_the_merchant, format=format)
        await gate.reached.wait()
        assert len(folders(settings)) == 1
        await db.write(lambda session: queue.cancel(session, chen_the_merchant.identity, job.id))
        assert (await ended(job)).status is JobStatus.CANCELLED
    assert folders(settings) == []


async def test_one_long_call_of_a_writer_ends_with_its_job(tmp_path: Path) -> None:
    """As when a large workbook is put together: the thread is not waited for until it is done."""
    target, started = tasks.Target(tmp_path / "content"), threading.Event()

    def never_done() -> None:
        while True:
            target.write(b"x")
            started.set()

    with ThreadPoolExecutor(1) as thread:
        waiting = asyncio.create_task(tasks._in(thread, target, never_done))
        await asyncio.to_thread(started.wait)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    target.close()


async def test_after_a_kill_the_next_run_makes_one_whole_file(
    many: list[str], order: Any, ended: Any, at_work: Any, file_of: Any, db: Database, settings: Any,
    chen_the_merchant: Any, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The first worker loses its life in the middle: nothing of it runs on, nothing is tidied up."""
    gate = Gate(monkeypatch)
    left_behind = private_files.discard
    monkeypatch.setattr(private_files, "discard", lambda path: None)
    async with at_work() as worker:
        job = await order(chen_the_merchant, format="json")
        await gate.reached.wait()
        half = folders(settings)
        assert len(half) == 1
        _kill(worker)
    monkeypatch.setattr(private_files, "discard", left_behind)
    await _lose(db, job)
    assert folders(settings) == half
    gate.opened.set()
    async with at_work():
        job = await ended(job)
    assert job.status is JobStatus.COMPLETED
    path = await file_of(job)
    document = json.loads(path.read_bytes())
    assert [message["content"] for message in document["conversations"][0]["messages"]] == many
    assert folders(settings) == [path.parent.name] != half
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def _kill(worker: Worker) -> None:
    """As a power cut: its tasks end, and write no end."""
    for claimed in worker._held.values():
        claimed.is_lost = True
        claimed.interrupt()


async def _lose(db: Database, job: Any) -> None:
    """What the watch does with a silent worker's job."""
    async with db.reading() as session:
        row = await session.get_one(Job, job.id)
    assert await db.write(lambda session: claims.give_up_lost(session, row.id, row.claim_token, row.beats))


async def test_a_worker_that_was_replaced_takes_its_file_away(
    many: list[str], order: Any, ended: Any, at_work: Any, file_of: Any, db: Database, settings: Any,
    chen_the_merchant: Any, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """It was thought dead, lives, and finishes after its job was given to another."""
    write = tasks._written

    async def replaced(*given: Any) -> Any:
        counts = await write(*given)
        if given[0].attempt == 1 and not seen:
            seen.append(1)
            await _lose(db, job)
        return counts

    seen: list[int] = []
    monkeypatch.setattr(tasks, "_written", replaced)
    job = await order(chen_the_merchant, format="csv")
    async with at_work():
        row = await ended(job)
    assert seen == [1]
    assert row.status is JobStatus.COMPLETED
    assert folders(settings) == [(await file_of(row)).parent.name]


async def test_the_sweep_takes_folders_that_nobody_names(
    many: list[str], exported: Any, at_work: Any, ended: Any, db: Database, settings: Any, chen_the_merchant: Any
) -> None:
    kept = await exported(chen_the_merchant, format="csv")
    old, young = private_files.new_path(settings, 41), private_files.new_path(settings, 42)
    for path in (old, young):
        path.write_text("half")
    for path in (old, old.parent, kept, kept.parent):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    job = await db.write(lambda session: queue.enqueue(session, "files.sweep_private"))
    async with at_work():
        assert (await ended(job)).result == {"expired": 0, "abandoned": 1}
    assert folders(settings) == sorted([kept.parent.name, young.parent.name])
    shutil.rmtree(young.parent)


async def test_progress_is_told(
    many: list[str], order: Any, at_work: Any, ended: Any, client: Any, chen_the_merchant: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    gate = Gate(monkeypatch)
    async with at_work():
        job = await order(chen_the_merchant, format="csv")
        await gate.reached.wait()
        headers = chen_the_merchant.headers | {"Accept-Language": "zh-CN"}
        async with asyncio.timeout(10):
            while not (seen := (await client.get(f"/api/v1/tasks/{job.id}", headers=headers)).json())["progress"]:
                await asyncio.sleep(0.01)
        assert seen["message"].endswith("/ 60 条消息")
        assert seen["title"] == "导出会话"
        gate.opened.set()
        await ended(job)
