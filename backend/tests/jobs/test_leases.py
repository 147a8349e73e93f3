"""Workers that die, freeze or stop: nothing is lost, nothing runs twice beside a living worker."""

import asyncio
from typing import Any

import pytest
import time_machine

from app.jobs import claims
from app.jobs import worker as jobs_worker
from app.jobs.kinds import find
from app.jobs.models import Job, JobStatus
from app.jobs.watch import Watch
from app.kernel import clock
from app.kernel.config import Settings
from app.kernel.db import Database
from tests.jobs.conftest import Ledger

LEASE_SECONDS = 30


@pytest.fixture
def turn(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Turn the monotonic clock."""
    ahead = 0.0
    real = clock.monotonic
    monkeypatch.setattr(clock, "monotonic", lambda: real() + ahead)

    def by(seconds: float) -> None:
        nonlocal ahead
        ahead += seconds

    return by


async def taken(db: Database) -> claims.Claimed:
    """Claim as a worker does that then dies."""
    (claimed,) = await db.write(lambda session: claims.claim(session, "default", 5))
    return claimed


async def long_ago(session: Any, job_id: int) -> None:
    """As the last beat looks after the database's clock went an hour ahead."""
    (await session.get_one(Job, job_id)).beat_at -= 3600


async def looks(watching: Watch, turn: Any, seconds: float) -> None:
    for _ in range(int(seconds / 2.5)):
        turn(2.5)
        await watching.look()


async def test_a_dead_workers_job_is_taken_back_after_a_lease(db: Database, add: Any, row_of: Any, turn: Any) -> None:
    row = await add("tests.write")
    dead = await taken(db)
    watching = Watch(db, LEASE_SECONDS)
    await watching.look()
    await looks(watching, turn, LEASE_SECONDS - 5)
    assert (await row_of(row)).status is JobStatus.PROCESSING
    await looks(watching, turn, 5)
    row = await row_of(row)
    assert (row.status, row.attempts, row.losses, row.claim_token) == (JobStatus.QUEUED, 0, 1, None)
    # The worker was only frozen: it changes nothing any more.
    assert not await db.write(lambda session: claims.finish(session, dead, JobStatus.COMPLETED))
    assert not await db.write(lambda session: claims.report(session, dead, 50, None))
    assert (await row_of(row)).status is JobStatus.QUEUED


async def test_a_young_watcher_believes_the_databases_clock_when_the_silence_goes_on(
    db: Database, add: Any, row_of: Any, turn: Any
) -> None:
    row = await add("tests.write")
    await taken(db)
    await db.write(lambda session: long_ago(session, row.id))
    young = Watch(db, LEASE_SECONDS)
    await young.look()
    await looks(young, turn, 7.5)
    assert (await row_of(row)).status is JobStatus.PROCESSING
    await looks(young, turn, 2.5)
    assert (await row_of(row)).status is JobStatus.QUEUED


async def test_a_jump_of_the_databases_clock_frees_nothing(db: Database, add: Any, row_of: Any, turn: Any) -> None:
    row = await add("tests.write")
    living = await taken(db)
    await db.write(lambda session: long_ago(session, row.id))
    watching = Watch(db, LEASE_SECONDS)
    for _ in range(3):
        await looks(watching, turn, 5)
        await db.write(lambda session: claims.show_life(session, [living]))
        await db.write(lambda session: long_ago(session, row.id))
    assert (await row_of(row)).claim_token == living.token


async def test_a_zombie_cannot_end_the_newer_run(db: Database, add: Any, row_of: Any, turn: Any) -> None:
    row = await add("tests.write")
    zombie = await taken(db)
    watching = Watch(db, LEASE_SECONDS)
    await watching.look()
    await looks(watching, turn, LEASE_SECONDS)
    newer = await taken(db)
    assert not await db.write(lambda session: claims.finish(session, zombie, JobStatus.FAILED))
    kind = find("tests.write")
    assert kind is not None
    assert not await db.write(lambda session: claims.fail(session, zombie, kind, {}, "", None))
    assert not await db.write(lambda session: claims.hand_back(session, zombie))
    await db.write(lambda session: claims.look(session, [zombie, newer]))
    assert (zombie.is_lost, newer.is_lost) == (True, False)
    assert await db.write(lambda session: claims.finish(session, newer, JobStatus.COMPLETED))
    assert (await row_of(row)).status is JobStatus.COMPLETED


async def test_a_living_worker_keeps_its_job_however_long_it_takes(
    db: Database, add: Any, row_of: Any, turn: Any
) -> None:
    row = await add("tests.write")
    living = await taken(db)
    watching = Watch(db, LEASE_SECONDS)
    for _ in range(20):
        turn(10)
        await db.write(lambda session: claims.show_life(session, [living]))
        await watching.look()
    assert (await row_of(row)).claim_token == living.token


async def test_what_is_taken_during_a_look_is_not_lost(
    at_work: Any, add: Any, ended: Any, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs_worker, "LOOK_SECONDS", 0.0001)
    rows = [await add("tests.nap") for _ in range(60)]
    async with at_work():
        for row in rows:
            assert (await ended(row)).attempts == 1
    assert set(ledger.done.values()) == {1}
    assert len(ledger.done) == len(rows)


async def test_time_in_which_nobody_could_look_frees_nothing(db: Database, add: Any, row_of: Any, turn: Any) -> None:
    row = await add("tests.write")
    await taken(db)
    watching = Watch(db, LEASE_SECONDS)
    await watching.look()
    turn(3600)  # frozen, or without a database: the worker could not beat either
    await watching.look()
    assert (await row_of(row)).status is JobStatus.PROCESSING


async def test_a_job_that_takes_its_workers_with_it_is_given_up(db: Database, add: Any, row_of: Any, turn: Any) -> None:
    row = await add("tests.write")
    watching = Watch(db, LEASE_SECONDS)
    for _ in range(claims.MAX_LOSSES + 1):
        await taken(db)
        await watching.look()
        await looks(watching, turn, LEASE_SECONDS)
    row = await row_of(row)
    assert (row.status, row.error["code"]) == (JobStatus.FAILED, "worker_lost")


async def test_two_workers_never_take_the_same_job(db: Database, settings: Settings, add: Any) -> None:
    rows = [await add("tests.write") for _ in range(20)]
    other = Database(settings)
    sides = [db, other] if db.dialect != "sqlite" else [db, db]
    try:
        taken = await asyncio.gather(
            *(side.write(lambda session: claims.claim(session, "default", 3)) for side in sides * 5)
        )
    finally:
        await other.dispose()
    ids = [claimed.job.id for batch in taken for claimed in batch]
    assert len(ids) == len(set(ids))
    assert set(ids) <= {row.id for row in rows}


async def test_two_workers_never_run_one_key_at_once(db: Database, settings: Settings, add: Any) -> None:
    for _ in range(10):
        await add("tests.write", concurrency_key="one")
    other = Database(settings)
    sides = [db, other] if db.dialect != "sqlite" else [db, db]
    try:
        taken = await asyncio.gather(
            *(side.write(lambda session: claims.claim(session, "default", 5)) for side in sides * 5)
        )
    finally:
        await other.dispose()
    assert sum(len(batch) for batch in taken) == 1


async def test_a_limited_queue_counts_over_all_workers(db: Database, settings: Settings, add: Any) -> None:
    from app.jobs import queues

    await db.write(lambda session: queues.decide(session, "default", is_paused=False, max_running=3))
    for _ in range(10):
        await add("tests.write")
    taken = await asyncio.gather(*(db.write(lambda session: claims.claim(session, "default", 2, 3)) for _ in range(5)))
    assert sum(len(batch) for batch in taken) == 3


async def test_a_worker_that_stops_hands_back_what_it_did_not_finish(
    at_work: Any, add: Any, row_of: Any, ended: Any, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.worker.GRACE_SECONDS", 0.1)
    async with at_work():
        row = await add("tests.wait")
        await ledger.started.wait()
    row = await row_of(row)
    assert (row.status, row.attempts, row.claim_token) == (JobStatus.QUEUED, 0, None)
    assert ledger.notes == ["tidied up"]
    ledger.gate.set()
    async with at_work():
        assert (await ended(row)).status is JobStatus.COMPLETED


async def test_what_is_taken_while_a_worker_stops_ends_in_order(
    at_work: Any, add: Any, row_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    taking = asyncio.Event()
    claim = claims.claim

    async def slowly(*asked: Any) -> Any:
        taken = await claim(*asked)
        if taken:
            taking.set()
            await asyncio.sleep(0.2)
        return taken

    monkeypatch.setattr(claims, "claim", slowly)
    row = await add("tests.nap")
    async with at_work():
        await taking.wait()
    assert (await row_of(row)).status is JobStatus.COMPLETED


async def test_after_a_crash_the_only_process_takes_over_at_once(
    db: Database, at_work: Any, add: Any, ended: Any, ledger: Ledger
) -> None:
    if db.dialect != "sqlite":
        pytest.skip("only SQLite knows that nobody else is at work")
    row = await add("tests.write")
    await taken(db)
    async with at_work(), asyncio.timeout(3):
        assert (await ended(row)).losses == 1
    assert ledger.done == {f"job-{row.id}": 1}


async def test_a_retry_that_a_wrong_clock_put_off_for_hours_runs_when_the_clock_is_right(
    db: Database, at_work: Any, add: Any, ended: Any
) -> None:
    row = await add("tests.write")
    with time_machine.travel(clock.now() + 7200, tick=True):
        (claimed,) = await db.write(lambda session: claims.claim(session, "default", 1))
        await db.write(lambda session: claims.put_back(session, claimed, delay=1))
    async with at_work():
        assert (await ended(row)).status is JobStatus.COMPLETED
