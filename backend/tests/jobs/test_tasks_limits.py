"""What one person may not do to the others: a thousand waiting tasks, all places of a kind, endless streams."""

import pytest
from httpx2 import AsyncClient

from app.chat import task_events_api
from app.jobs import claims, queue
from app.kernel.clock import now
from app.kernel.db import Database
from tests.people import Person

TASKS = "/api/v1/tasks/"


async def test_the_same_key_with_another_payload_is_refused(client: AsyncClient, chen_the_merchant: Person) -> None:
    def draft(text: str) -> dict[str, object]:
        return {"kind": "tests.write", "payload": {"text": text}, "idempotency_key": "k"}

    said = [(await client.post(TASKS, json=draft(text), headers=chen_the_merchant.headers)) for text in ("a", "a", "b")]
    assert [one.status_code for one in said] == [201, 201, 409]
    assert said[0].json()["id"] == said[1].json()["id"]


async def test_a_hundred_may_wait_and_of_one_kind_one_runs(
    client: AsyncClient, chen_the_merchant: Person, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "MAX_WAITING", 3)
    said = [await client.post(TASKS, json={"kind": "tests.write"}, headers=chen_the_merchant.headers) for _ in range(4)]
    assert [one.status_code for one in said] == [201, 201, 201, 409]
    taken = await db.write(lambda session: claims.claim(session, "default", 5))
    assert len(taken) == 1


async def test_a_payload_that_is_no_text_is_refused(client: AsyncClient, chen_the_merchant: Person) -> None:
    body = '{"kind": "tests.write", "payload": {"text": "\\ud800"}}'
    headers = chen_the_merchant.headers | {"Content-Type": "application/json"}
    assert (await client.post(TASKS, content=body, headers=headers)).status_code == 422


async def test_streams_are_counted(
    client: AsyncClient, chen_the_merchant: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_events_api, "MAX_STREAMS", 0)
    task = (await client.post(TASKS, json={"kind": "tests.write"}, headers=chen_the_merchant.headers)).json()
    assert (await client.get(f"{TASKS}{task['id']}/events", headers=chen_the_merchant.headers)).status_code == 429


async def test_what_has_passed_its_time_is_not_run_again(
    client: AsyncClient, chen_the_merchant: Person, db: Database
) -> None:
    job = await db.write(
        lambda session: queue.enqueue(session, "tests.write", owner_id="m1", expires_at=now() - 1, run_after=now() + 9)
    )
    cancelled = await client.post(f"{TASKS}{job.id}/cancel", headers=chen_the_merchant.headers)
    assert not cancelled.json()["can_retry"]
    assert (await client.post(f"{TASKS}{job.id}/retry", headers=chen_the_merchant.headers)).status_code == 409


async def test_what_must_not_stop_halfway_can_be_cancelled_before_it_begins_only(
    client: AsyncClient, an_admin: Person, db: Database
) -> None:
    waiting, running = [await db.write(lambda session: queue.enqueue(session, "tests.must_end")) for _ in range(2)]
    first = await client.post(f"{TASKS}{waiting.id}/cancel", headers=an_admin.headers)
    assert first.status_code == 200
    await db.write(lambda session: claims.claim(session, "default", 5))
    refused = await client.post(f"{TASKS}{running.id}/cancel", headers=an_admin.headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "job_must_end")
