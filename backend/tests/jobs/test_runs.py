"""What becomes of one job: done, refused, tried again, cancelled, too slow."""

import asyncio
from typing import Any

import pytest

from app.jobs import claims, kinds, queue
from app.jobs.ends import Ends
from app.jobs.models import Job, JobStatus
from app.kernel.clock import now
from app.kernel.db import Database
from tests.jobs.conftest import Ledger, Word


async def test_a_job_runs_once_and_keeps_its_result(at_work: Any, add: Any, ended: Any, ledger: Ledger) -> None:
    async with at_work():
        row = await ended(await add("tests.write", Word(text="rice")))
    assert (row.status, row.progress, row.result, row.attempts) == (JobStatus.COMPLETED, 100, {"text": "rice"}, 1)
    assert row.claim_token is None
    assert ledger.done == {f"job-{row.id}": 1}


async def test_a_job_of_a_transaction_that_is_rolled_back_does_not_exist(db: Database, ledger: Ledger) -> None:
    ids = []

    async def work(session: Any) -> None:
        ids.append((await queue.enqueue(session, "tests.write")).id)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await db.write(work)
    async with db.reading() as session:
        assert await session.get(Job, ids[0]) is None


async def test_the_same_key_is_the_same_job(at_work: Any, add: Any, ended: Any, ledger: Ledger) -> None:
    first, again, other = [await add("tests.write", idempotency_key=key) for key in ("k", "k", "l")]
    assert first.id == again.id != other.id
    async with at_work():
        await ended(first)
        await ended(other)
    assert (await add("tests.write", idempotency_key="k")).id == first.id
    assert sum(ledger.done.values()) == 2


async def test_ten_at_once_with_one_key_make_one_job(add: Any) -> None:
    rows = await asyncio.gather(*(add("tests.write", idempotency_key="same") for _ in range(10)))
    assert len({row.id for row in rows}) == 1


async def test_a_fault_is_tried_again_and_then_shown(at_work: Any, add: Any, ended: Any, ledger: Ledger) -> None:
    async with at_work():
        row = await ended(await add("tests.break"))
    assert (row.status, row.attempts, ledger.done[f"job-{row.id}"]) == (JobStatus.FAILED, 2, 2)
    assert row.error["code"] == "internal"
    assert "a fault in a handler" in row.trace
    assert "a fault" not in row.error["text"]


async def test_giving_up_is_final(at_work: Any, add: Any, ended: Any, ledger: Ledger) -> None:
    async with at_work():
        row = await ended(await add("tests.give_up"))
    assert (row.status, row.attempts, row.error["code"]) == (JobStatus.FAILED, 1, "nothing_there")


async def test_a_handler_may_ask_for_another_try(at_work: Any, add: Any, ended: Any, ledger: Ledger) -> None:
    async with at_work():
        row = await ended(await add("tests.retry"))
    assert (row.status, row.attempts) == (JobStatus.COMPLETED, 2)


async def test_the_hard_limit_ends_a_run(at_work: Any, add: Any, ended: Any) -> None:
    async with at_work():
        row = await ended(await add("tests.hang"))
    assert (row.status, row.error["code"]) == (JobStatus.FAILED, "timeout")


async def test_a_running_job_is_cancelled_within_two_seconds(
    at_work: Any, add: Any, ended: Any, ledger: Ledger, db: Database, an_admin: Any
) -> None:
    async with at_work():
        row = await add("tests.wait")
        await ledger.started.wait()
        asked_at = asyncio.get_running_loop().time()
        await db.write(lambda session: queue.cancel(session, an_admin.identity, row.id))
        row = await ended(row)
    assert row.status is JobStatus.CANCELLED
    assert asyncio.get_running_loop().time() - asked_at < 2.5
    assert ledger.notes == ["tidied up"]
    assert not ledger.done


async def test_who_is_to_be_cancelled_does_not_come_back(add: Any, row_of: Any, db: Database, an_admin: Any) -> None:
    for end in (claims.hand_back, fails, is_lost):
        row = await add("tests.break")
        claimed = (await db.write(lambda session: claims.claim(session, "default", 1)))[0]
        await db.write(lambda session, row=row: queue.cancel(session, an_admin.identity, row.id))
        await db.write(lambda session, end=end, claimed=claimed: end(session, claimed))
        row = await row_of(row)
        assert (row.status, row.claim_token) == (JobStatus.CANCELLED, None), end
        assert row.finished_at is not None


async def fails(session: Any, claimed: claims.Claimed) -> bool:
    kind = kinds.find(claimed.job.kind)
    assert kind is not None
    return await claims.fail(session, claimed, kind, {}, "", 600)


async def is_lost(session: Any, claimed: claims.Claimed) -> bool:
    row = await session.get_one(Job, claimed.job.id)
    return await claims.give_up_lost(session, row.id, row.claim_token, row.beats)


async def test_a_waiting_job_and_its_children_are_cancelled_at_once(
    add: Any, row_of: Any, db: Database, an_admin: Any
) -> None:
    parent = await add("tests.write", run_after=now() + 3600)
    child = await add("tests.write", parent_id=parent.id)
    await db.write(lambda session: queue.cancel(session, an_admin.identity, parent.id))
    assert [(await row_of(row)).status for row in (parent, child)] == [JobStatus.CANCELLED] * 2


async def test_progress_is_written_and_told(at_work: Any, add: Any, row_of: Any, ended: Any, ledger: Ledger) -> None:
    async with at_work():
        row = await add("tests.wait")
        await ledger.started.wait()
        while (seen := await row_of(row)).progress == 0:
            await asyncio.sleep(0.01)
        assert (seen.status, seen.progress) == (JobStatus.PROCESSING, 40)
        assert seen.note == {"text": "Working on {n} of {total}", "params": {"n": 2, "total": 5}}
        ledger.gate.set()
        assert (await ended(row)).status is JobStatus.COMPLETED


async def test_of_one_key_only_one_runs_at_a_time(
    at_work: Any, add: Any, row_of: Any, ended: Any, ledger: Ledger
) -> None:
    first, second = [await add("tests.wait", concurrency_key="account-7") for _ in range(2)]
    async with at_work():
        await ledger.started.wait()
        await asyncio.sleep(1.2)  # a second worker's turn would have come with the next look
        assert [(await row_of(row)).status for row in (first, second)] == [JobStatus.PROCESSING, JobStatus.QUEUED]
        ledger.gate.set()
        assert [(await ended(row)).status for row in (first, second)] == [JobStatus.COMPLETED] * 2


async def test_the_highest_priority_runs_first(at_work: Any, add: Any, ended: Any, ledger: Ledger) -> None:
    rows = [await add("tests.write", Word(text=str(n)), priority=n) for n in (0, 5, -5, 9)]
    async with at_work(concurrency=1):
        for row in rows:
            await ended(row)
    assert ledger.notes == ["9", "5", "0", "-5"]


async def test_a_job_waits_for_its_time_and_expires_when_it_is_too_late(
    at_work: Any, add: Any, ended: Any, row_of: Any, ledger: Ledger
) -> None:
    later = await add("tests.write", run_after=now() + 3600)
    soon = await add("tests.write", Word(text="soon"), run_after=now() + 1)
    missed = await add("tests.write", run_after=now() + 3600, expires_at=now() - 1)
    assert soon.status is JobStatus.PENDING
    async with at_work():
        assert (await ended(soon)).status is JobStatus.COMPLETED
        assert (await ended(missed)).status is JobStatus.EXPIRED
    assert (await row_of(later)).status is JobStatus.PENDING
    assert ledger.notes == ["soon"]


async def test_an_effect_and_the_end_are_one_transaction(at_work: Any, add: Any, ended: Any, ledger: Ledger) -> None:
    async with at_work():
        row = await ended(await add("tests.together"))
        inner = await ended(await add("tests.write", idempotency_key=f"job-{row.id}"))
    assert row.result == {"is_done": True}
    assert ledger.done == {f"job-{inner.id}": 1}


async def test_a_result_that_cannot_be_stored_fails_alone(at_work: Any, add: Any, ended: Any) -> None:
    bad, *good = [await add(kind) for kind in ("tests.unstorable", "tests.write", "tests.write")]
    async with at_work():
        assert [(await ended(row)).status for row in good] == [JobStatus.COMPLETED] * 2
        assert (await ended(bad)).status is JobStatus.FAILED


async def test_an_end_that_the_database_refuses_does_not_hold_up_the_others(
    db: Database, add: Any, row_of: Any
) -> None:
    rows = [await add("tests.write") for _ in range(3)]
    held = await db.write(lambda session: claims.claim(session, "default", 3))

    async def refused(session: Any) -> bool:
        session.add(Job(id=rows[0].id, kind="again", queue="default", status=JobStatus.QUEUED))
        await session.flush()
        return True

    def completed(claimed: claims.Claimed) -> Any:
        return lambda session: claims.finish(session, claimed, JobStatus.COMPLETED)

    ends = Ends(db)
    ends.start()
    endings = [completed(held[0]), refused, completed(held[2])]
    await asyncio.gather(*(ends.settle(*pair) for pair in zip(held, endings, strict=True)))
    await ends.stop()
    statuses = [(await row_of(row)).status for row in rows]
    assert statuses == [JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.COMPLETED]


async def test_a_paused_queue_waits(at_work: Any, add: Any, ended: Any, row_of: Any, db: Database) -> None:
    from app.jobs import queues

    await db.write(lambda session: queues.decide(session, "default", is_paused=True, max_running=None))
    async with at_work() as worker:
        await worker._look()
        row = await add("tests.write")
        await asyncio.sleep(1.2)
        assert (await row_of(row)).status is JobStatus.QUEUED
        await db.write(lambda session: queues.decide(session, "default", is_paused=False, max_running=1))
        assert (await ended(row)).status is JobStatus.COMPLETED


async def test_a_kind_that_this_release_does_not_know_is_left_for_a_newer_worker(
    at_work: Any, add: Any, row_of: Any, db: Database
) -> None:
    row = await add("tests.write")

    async def rename(session: Any) -> None:
        (await session.get_one(Job, row.id)).kind = "tests.of_the_future"

    await db.write(rename)
    async with at_work(), asyncio.timeout(10):
        while (seen := await row_of(row)).status is not JobStatus.PENDING:
            await asyncio.sleep(0.01)
    assert (seen.attempts, seen.run_after > now() + 20) == (0, True)
