"""`/tasks/` over HTTP: who may start, see, stop and repeat what, and what admins decide about queues."""

from typing import Any

import pytest
from httpx2 import AsyncClient, Response

from app.jobs import queues
from app.jobs.models import Job, JobStatus
from app.kernel.clock import now
from app.kernel.db import Database
from tests.jobs.conftest import Ledger
from tests.people import Person

TASKS = "/api/v1/tasks/"
ENDED_STATES = (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.EXPIRED)


@pytest.fixture
def start(client: AsyncClient) -> Any:
    """`await start(person)` starts a task of the tests; `more` are other fields of the request."""

    async def post(who: Person, kind: str = "tests.write", **more: Any) -> Response:
        return await client.post(TASKS, json={"kind": kind, **more}, headers=who.headers)

    return post


@pytest.fixture
def become(db: Database) -> Any:
    """Put a task into a state."""

    async def change(task: dict[str, Any], status: JobStatus, **values: Any) -> None:
        async def work(session: Any) -> None:
            row = await session.get_one(Job, int(task["id"]))
            row.sqlmodel_update({"status": status} | values)
            await session.flush()

        await db.write(work)

    return change


def refusal(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def listed(client: AsyncClient, who: Person, **query: Any) -> list[str]:
    answer = await client.get(TASKS, params=query, headers=who.headers)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["count"] >= len(body["results"])
    return [task["id"] for task in body["results"]]


async def test_a_task_is_started_at_once_and_found_again(
    client: AsyncClient, start: Any, chen_the_merchant: Person
) -> None:
    made = await start(chen_the_merchant, payload={"text": "rice"})
    assert made.status_code == 201
    task = made.json()
    assert (task["status"], task["title"], task["owner_id"]) == ("queued", "Export of conversations", "m1")
    assert (task["can_cancel"], task["can_retry"], task["progress"], task["message"]) == (True, False, 0, "")
    assert "payload" not in task
    found = await client.get(TASKS + task["id"], headers=chen_the_merchant.headers)
    assert found.json() == task


async def test_each_role_starts_its_own_kinds(
    start: Any, chen_the_merchant: Person, an_admin: Person, lin_the_buyer: Person
) -> None:
    assert (await start(chen_the_merchant)).status_code == 201
    for who, kind in (
        (lin_the_buyer, "tests.write"),
        (an_admin, "tests.write"),
        (chen_the_merchant, "tests.wait"),  # the product's own
        (chen_the_merchant, "jobs.forget"),
        (chen_the_merchant, "nothing.at_all"),
    ):
        assert refusal(await start(who, kind)) == (422, "unknown_kind"), (who.id, kind)


async def test_strangers_are_sent_away(client: AsyncClient) -> None:
    for method, path in (("POST", ""), ("GET", ""), ("GET", "1"), ("POST", "1/cancel"), ("POST", "1/retry")):
        assert refusal(await client.request(method, TASKS + path, json={})) == (401, "not_authenticated")


@pytest.mark.parametrize(
    "wrong",
    [
        {"payload": {"text": 5}},
        {"payload": {"text": ["rice"]}},
        {"payload": []},
        {"run_after": -1},
        {"run_after": "soon"},
        {"idempotency_key": ""},
        {"idempotency_key": "k" * 200},
    ],
)
async def test_what_is_wrong_is_a_422(start: Any, chen_the_merchant: Person, wrong: dict[str, Any]) -> None:
    assert (await start(chen_the_merchant, **wrong)).status_code == 422


async def test_a_task_can_wait_for_a_time_within_a_year(start: Any, chen_the_merchant: Person) -> None:
    later = await start(chen_the_merchant, run_after=now() + 3600)
    assert later.json()["status"] == "pending"
    assert later.json()["run_after"] > now() + 3000
    assert refusal(await start(chen_the_merchant, run_after=now() + 400 * 86_400)) == (422, "too_far_ahead")


async def test_a_key_is_ones_own(
    start: Any, chen_the_merchant: Person, an_the_agent: Person, honey_the_merchant: Person
) -> None:
    first = (await start(chen_the_merchant, idempotency_key="monday")).json()
    again = await start(chen_the_merchant, idempotency_key="monday")
    assert again.json()["id"] == first["id"]
    others = [(await start(who, idempotency_key="monday")).json() for who in (an_the_agent, honey_the_merchant)]
    assert len({first["id"], *(other["id"] for other in others)}) == 3
    assert [other["owner_id"] for other in others] == ["m2", "m7"]
    # No key reaches into another's names either.
    assert (await start(an_the_agent, idempotency_key="m1:monday")).json()["id"] != first["id"]


async def test_sixty_an_hour_and_not_more(start: Any, chen_the_merchant: Person, an_the_agent: Person) -> None:
    for _ in range(60):
        assert (await start(chen_the_merchant)).status_code == 201
    refused = await start(chen_the_merchant)
    assert refusal(refused) == (429, "too_many_requests")
    assert 0 < int(refused.headers["Retry-After"]) <= 3601
    assert (await start(an_the_agent)).status_code == 201


async def test_anothers_task_does_not_exist_and_admins_see_all(
    client: AsyncClient, start: Any, chen_the_merchant: Person, an_the_agent: Person, an_admin: Person,
    lin_the_buyer: Person,
) -> None:  # fmt: skip
    path = TASKS + (await start(chen_the_merchant)).json()["id"]
    for who in (an_the_agent, lin_the_buyer):
        for method, verb in (("GET", ""), ("POST", "/cancel"), ("POST", "/retry"), ("GET", "/events")):
            answer = await client.request(method, path + verb, headers=who.headers)
            assert refusal(answer) == (404, "job_not_found"), verb
    assert (await client.get(path, headers=an_admin.headers)).status_code == 200
    assert (await client.post(f"{path}/cancel", headers=an_admin.headers)).json()["status"] == "cancelled"
    for strange in ("0", "-1", "x", str(2**63), "1.5"):
        assert (await client.get(TASKS + strange, headers=an_admin.headers)).status_code == 422
    assert refusal(await client.get(TASKS + "1", headers=an_admin.headers)) == (404, "job_not_found")


async def test_only_admins_see_where_it_broke(
    client: AsyncClient, start: Any, become: Any, chen_the_merchant: Person, an_admin: Person
) -> None:
    task = (await start(chen_the_merchant)).json()
    error = {"code": "internal", "text": "Something went wrong on our side.", "params": {}}
    await become(task, JobStatus.FAILED, trace="Traceback", error=error, finished_at=now())
    mine = (await client.get(TASKS + task["id"], headers=chen_the_merchant.headers)).json()
    assert (mine["trace"], mine["error"]["detail"]) == (None, "Something went wrong on our side.")
    theirs = (await client.get(TASKS + task["id"], headers=an_admin.headers)).json()
    assert theirs["trace"] == "Traceback"
    chinese = await client.get(TASKS + task["id"], headers=chen_the_merchant.headers | {"Accept-Language": "zh-CN"})
    assert chinese.json()["error"] == {"code": "internal", "detail": "我们这边出了问题。"}


async def test_a_waiting_task_is_cancelled_at_once_and_can_run_again(
    client: AsyncClient, start: Any, chen_the_merchant: Person
) -> None:
    task_id = (await start(chen_the_merchant)).json()["id"]
    path = TASKS + task_id
    cancelled = (await client.post(f"{path}/cancel", headers=chen_the_merchant.headers)).json()
    assert (cancelled["status"], cancelled["can_cancel"], cancelled["can_retry"]) == ("cancelled", False, True)
    assert cancelled["finished_at"] is not None
    again = (await client.post(f"{path}/retry", headers=chen_the_merchant.headers)).json()
    assert (again["status"], again["finished_at"], again["attempts"], again["id"]) == ("queued", None, 0, task_id)


async def test_a_running_task_is_asked_to_stop(
    client: AsyncClient, start: Any, become: Any, chen_the_merchant: Person
) -> None:
    task = (await start(chen_the_merchant)).json()
    await become(task, JobStatus.PROCESSING, claim_token=1, started_at=now())
    asked = (await client.post(f"{TASKS}{task['id']}/cancel", headers=chen_the_merchant.headers)).json()
    assert (asked["status"], asked["is_cancelling"], asked["can_cancel"]) == ("processing", True, False)


@pytest.mark.parametrize("status", JobStatus)
async def test_what_cannot_be_done_is_a_409(
    client: AsyncClient, start: Any, become: Any, chen_the_merchant: Person, status: JobStatus
) -> None:
    task = (await start(chen_the_merchant)).json()
    await become(task, status)
    path = TASKS + task["id"]
    shown = (await client.get(path, headers=chen_the_merchant.headers)).json()
    cancelled = await client.post(f"{path}/cancel", headers=chen_the_merchant.headers)
    assert shown["can_cancel"] == (cancelled.status_code == 200) == (status not in ENDED_STATES)
    if cancelled.status_code != 200:
        assert refusal(cancelled) == (409, "job_has_ended")
    await become(task, status)
    again = await client.post(f"{path}/retry", headers=chen_the_merchant.headers)
    assert shown["can_retry"] == (again.status_code == 200)
    assert (again.status_code == 200) == (status in (JobStatus.FAILED, JobStatus.CANCELLED))
    if again.status_code != 200:
        assert refusal(again) == (409, "job_cannot_be_retried")


async def test_a_task_run_again_runs(
    client: AsyncClient, start: Any, become: Any, at_work: Any, ended: Any, row_of: Any, ledger: Ledger, db: Database,
    chen_the_merchant: Person,
) -> None:  # fmt: skip
    task = (await start(chen_the_merchant, payload={"text": "rice"})).json()
    await become(task, JobStatus.FAILED, finished_at=now(), attempts=5, error={"code": "x", "text": "x", "params": {}})
    await client.post(f"{TASKS}{task['id']}/retry", headers=chen_the_merchant.headers)
    async with at_work():
        async with db.reading() as session:
            row = await session.get_one(Job, int(task["id"]))
        row = await ended(row)
    assert (row.status, row.error, ledger.notes) == (JobStatus.COMPLETED, None, ["rice"])


async def test_lists_are_filtered_and_paged(
    client: AsyncClient, start: Any, become: Any, chen_the_merchant: Person, an_the_agent: Person, an_admin: Person
) -> None:
    mine = [(await start(chen_the_merchant)).json() for _ in range(3)]
    other = (await start(an_the_agent)).json()
    await become(mine[0], JobStatus.FAILED)
    await become(mine[1], JobStatus.COMPLETED, queue="mail")
    one, two, three, four = (task["id"] for task in (*mine, other))
    chen, admin = chen_the_merchant, an_admin
    assert await listed(client, chen) == [three, two, one]
    assert await listed(client, chen, page_size=2, page=2) == [one]
    assert await listed(client, chen, status="failed") == [one]
    assert await listed(client, chen, status=["failed", "queued"]) == [three, one]
    assert await listed(client, chen, queue="mail") == [two]
    assert await listed(client, chen, kind="tests.write") == [three, two, one]
    assert await listed(client, chen, kind="tests.wait") == []
    # Nobody asks their way to another's.
    assert await listed(client, chen, all=True) == [three, two, one]
    assert await listed(client, chen, all=True, owner="m2") == []
    assert await listed(client, admin) == []
    assert await listed(client, admin, all=True) == [four, three, two, one]
    assert await listed(client, admin, all=True, owner="m2") == [four]
    assert await listed(client, admin, all=True, owner="m1", status="completed") == [two]
    for wrong in ({"status": "wrong"}, {"page": 0}, {"page_size": 101}, {"owner": "m" * 51}):
        assert (await client.get(TASKS, params=wrong, headers=chen.headers)).status_code == 422


async def test_queues_are_for_admins(client: AsyncClient, chen_the_merchant: Person, lin_the_buyer: Person) -> None:
    for who in (chen_the_merchant, lin_the_buyer):
        assert (await client.get(f"{TASKS}queues/", headers=who.headers)).status_code == 403
        answer = await client.put(f"{TASKS}queues/exports/", json={"is_paused": True}, headers=who.headers)
        assert refusal(answer) == (403, "wrong_role")


async def test_an_admin_decides_about_a_queue(
    client: AsyncClient, start: Any, become: Any, db: Database, chen_the_merchant: Person, an_admin: Person
) -> None:
    path = f"{TASKS}queues/default/"
    answer = await client.put(path, json={"is_paused": True, "max_running": 2}, headers=an_admin.headers)
    assert answer.status_code == 204
    tasks = [(await start(chen_the_merchant)).json() for _ in range(4)]
    await become(tasks[0], JobStatus.FAILED, finished_at=now())
    await become(tasks[1], JobStatus.PENDING, run_after=now() + 60)
    await become(tasks[2], JobStatus.QUEUED, run_after=now() - 90)
    health = (await client.get(f"{TASKS}queues/", headers=an_admin.headers)).json()
    one = next(queue for queue in health if queue["name"] == "default")
    assert (one["is_paused"], one["max_running"]) == (True, 2)
    assert (one["queued"], one["pending"], one["processing"], one["failed"], one["completed"]) == (2, 1, 0, 1, 0)
    assert 88 <= one["oldest_seconds"] <= 120
    assert (await client.put(path, json={}, headers=an_admin.headers)).status_code == 204
    async with db.reading() as session:
        decided = (await queues.decisions(session))["default"]
    assert (decided.is_paused, decided.max_running) == (False, None)
    for wrong in ({"max_running": 0}, {"max_running": 1001}, {"is_paused": "perhaps"}):
        assert (await client.put(path, json=wrong, headers=an_admin.headers)).status_code == 422
    answer = await client.put(f"{TASKS}queues/nothing/", json={}, headers=an_admin.headers)
    assert refusal(answer) == (404, "queue_not_found")


async def test_a_paused_queue_runs_nothing_until_it_goes_on(
    client: AsyncClient, start: Any, at_work: Any, ended: Any, db: Database, chen_the_merchant: Person,
    an_admin: Person, ledger: Ledger,
) -> None:  # fmt: skip
    path = f"{TASKS}queues/default/"
    await client.put(path, json={"is_paused": True}, headers=an_admin.headers)
    async with at_work() as worker:
        await worker._look()
        task = (await start(chen_the_merchant)).json()
        await worker._look()
        async with db.reading() as session:
            row = await session.get_one(Job, int(task["id"]))
        assert (row.status, ledger.notes) == (JobStatus.QUEUED, [])
        await client.put(path, json={}, headers=an_admin.headers)
        assert (await ended(row)).status is JobStatus.COMPLETED
