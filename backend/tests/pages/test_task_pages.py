"""The pages of tasks: whose they show, what their forms do, and the parts that htmx asks for."""

import re
from typing import Any

import pytest
from httpx2 import AsyncClient, Response

from app.jobs import queue, queues
from app.jobs.models import Job, JobStatus
from app.kernel.clock import now
from app.kernel.db import Database
from app.overview.task_rows import TaskRow
from tests.jobs.conftest import Word
from tests.pages.conftest import SitDown
from tests.people import Person

HTMX = {"HX-Request": "true"}


@pytest.fixture
def visit(client: AsyncClient, sit_down: SitDown) -> Any:
    """`await visit(person, path)` as that person's browser."""

    async def go(who: Person, path: str, method: str = "GET", **options: Any) -> Response:
        await sit_down(who)
        headers = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"} | options.pop("headers", {})
        return await client.request(method, path, headers=headers, **options)

    return go


@pytest.fixture
def put(db: Database) -> Any:
    """A task that stands in the table: `await put(person, JobStatus.FAILED)`."""

    async def make(who: Person | None, status: JobStatus = JobStatus.QUEUED, **values: Any) -> Job:
        async def work(session: Any) -> Job:
            row = await queue.enqueue(session, "tests.write", Word(text="a secret"), owner_id=who and who.id)
            row.sqlmodel_update({"status": status} | values)
            await session.flush()
            return row

        return await db.write(work)

    return make


def ids(page: Response) -> list[int]:
    return [int(found) for found in re.findall(r'id="task-(\d+)"', page.text)]


async def test_everybody_sees_their_own_the_newest_first(
    visit: Any, put: Any, chen_the_merchant: Person, an_the_agent: Person, an_admin: Person
) -> None:
    mine = [await put(chen_the_merchant) for _ in range(3)]
    theirs = await put(an_the_agent)
    admins, own = await put(an_admin), await put(None)
    assert ids(await visit(chen_the_merchant, "/tasks")) == [row.id for row in reversed(mine)]
    assert ids(await visit(an_the_agent, "/tasks")) == [theirs.id]
    assert ids(await visit(an_admin, "/tasks")) == [admins.id]
    assert ids(await visit(an_admin, "/admin/tasks")) == [own.id, admins.id, theirs.id, *[r.id for r in reversed(mine)]]


async def test_nobody_else_comes_in(
    visit: Any, client: AsyncClient, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    stranger = await client.get("/tasks", headers={"Accept": "text/html"})
    assert (stranger.status_code, stranger.headers["location"]) == (303, "/sign-in?next=/tasks")
    assert (await visit(lin_the_buyer, "/tasks")).status_code == 403
    for path in ("/admin/tasks", "/admin/tasks/queues", "/admin/tasks/1"):
        assert (await visit(chen_the_merchant, path)).status_code == 403
    for path in ("/admin/tasks/1/cancel", "/admin/tasks/1/retry", "/admin/tasks/queues/exports"):
        assert (await visit(chen_the_merchant, path, "POST")).status_code == 403


@pytest.mark.parametrize("path", ["", "/cancel", "/retry", "/file"])
async def test_anothers_task_does_not_exist(
    visit: Any, put: Any, path: str, chen_the_merchant: Person, an_admin: Person, an_the_agent: Person
) -> None:
    row = await put(chen_the_merchant)
    method = "POST" if path in ("/cancel", "/retry") else "GET"
    for who in (an_the_agent, an_admin):
        assert (await visit(who, f"/tasks/{row.id}{path}", method)).status_code == 404


async def test_an_empty_list_explains_itself(visit: Any, chen_the_merchant: Person, an_admin: Person) -> None:
    assert "No tasks yet" in (await visit(chen_the_merchant, "/tasks")).text
    assert "No such tasks" in (await visit(an_admin, "/admin/tasks?owner=nobody")).text
    chinese = await visit(chen_the_merchant, "/tasks", headers={"Accept-Language": "zh-CN"})
    assert "暂时没有任务" in chinese.text


async def test_htmx_gets_the_part_and_a_browser_the_page(visit: Any, put: Any, chen_the_merchant: Person) -> None:
    row = await put(chen_the_merchant)
    for path in ("/tasks", f"/tasks/{row.id}"):
        part = await visit(chen_the_merchant, path, headers=HTMX)
        whole = await visit(chen_the_merchant, path)
        assert ids(part) == ids(whole) == [row.id]
        assert "<html" not in part.text
        assert "<html" in whole.text


async def test_cancel_and_try_again_answer_with_the_row(visit: Any, put: Any, chen_the_merchant: Person) -> None:
    row = await put(chen_the_merchant)
    base = f"/tasks/{row.id}"
    cancelled = await visit(chen_the_merchant, f"{base}/cancel", "POST", headers=HTMX)
    assert cancelled.status_code == 200
    assert f'data-state="{JobStatus.CANCELLED}"' in cancelled.text
    assert f'hx-post="{base}/retry"' in cancelled.text
    again = await visit(chen_the_merchant, f"{base}/retry", "POST", headers=HTMX)
    assert f'data-state="{JobStatus.QUEUED}"' in again.text
    assert f'hx-post="{base}/cancel"' in again.text


async def test_what_has_ended_meanwhile_is_shown_as_it_is(visit: Any, put: Any, chen_the_merchant: Person) -> None:
    row = await put(chen_the_merchant, JobStatus.COMPLETED, finished_at=1)
    answer = await visit(chen_the_merchant, f"/tasks/{row.id}/cancel", "POST", headers=HTMX)
    assert answer.status_code == 409
    assert ids(answer) == [row.id]
    assert "This task has ended already." in answer.text


async def test_forms_work_without_scripts(
    visit: Any, put: Any, chen_the_merchant: Person, an_admin: Person, db: Database
) -> None:
    row = await put(chen_the_merchant)
    answer = await visit(chen_the_merchant, f"/tasks/{row.id}/cancel", "POST")
    assert (answer.status_code, answer.headers["location"]) == (303, "/tasks")
    answer = await visit(an_admin, f"/admin/tasks/{row.id}/retry", "POST")
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/tasks")
    answer = await visit(an_admin, "/admin/tasks/queues/exports", "POST", data={"is_paused": "true"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/tasks")


async def test_another_sites_form_is_refused(visit: Any, put: Any, chen_the_merchant: Person, db: Database) -> None:
    row = await put(chen_the_merchant)
    forged = {"Sec-Fetch-Site": "cross-site"}
    answer = await visit(chen_the_merchant, f"/tasks/{row.id}/cancel", "POST", headers=forged)
    assert answer.status_code == 403
    async with db.reading() as session:
        assert (await session.get_one(Job, row.id)).status is JobStatus.QUEUED


async def test_long_lists_have_pages(visit: Any, put: Any, chen_the_merchant: Person) -> None:
    rows = [await put(chen_the_merchant) for _ in range(21)]
    first = await visit(chen_the_merchant, "/tasks")
    assert len(ids(first)) == 20
    assert "/tasks?page=2" in first.text
    assert ids(await visit(chen_the_merchant, "/tasks?page=2")) == [rows[0].id]


async def test_an_admin_filters(visit: Any, put: Any, chen_the_merchant: Person, an_admin: Person) -> None:
    failed = await put(chen_the_merchant, JobStatus.FAILED, queue="exports")
    other = await put(an_admin, JobStatus.COMPLETED, queue="mail")
    own = await put(None, JobStatus.COMPLETED)
    wanted = {
        "by=people": [other.id, failed.id],
        "by=parley": [own.id],
        "status=failed": [failed.id],
        "status=queued": [],
        "queue=mail": [other.id],
        "owner=m1": [failed.id],
        "kind=tests.write": [own.id, other.id, failed.id],
        "kind=none": [],
        f"id={failed.id}": [failed.id],
        "id=1": [],
        "id=x": [],
        f"id={2**63}": [],
        "status=&kind=&queue=&owner=&id=&by=": [own.id, other.id, failed.id],
    }
    for asked, found in wanted.items():
        assert ids(await visit(an_admin, f"/admin/tasks?{asked}")) == found, asked
    assert (await visit(an_admin, "/admin/tasks?status=wrong")).status_code == 422


async def test_an_admin_sees_where_it_broke_and_never_the_payload(
    visit: Any, put: Any, chen_the_merchant: Person, an_admin: Person
) -> None:
    error = {"code": "internal", "text": "Something went wrong on our side.", "params": {}}
    row = await put(chen_the_merchant, JobStatus.FAILED, error=error, trace='File "x.py" <script>', finished_at=1)
    page = (await visit(an_admin, f"/admin/tasks?id={row.id}")).text
    assert "File &#34;x.py&#34; &lt;script&gt;" in page
    assert "a secret" not in page
    mine = (await visit(chen_the_merchant, "/tasks")).text
    assert "Something went wrong on our side." in mine
    assert "x.py" not in mine
    assert TaskRow.of(row, chen_the_merchant.identity, "en").trace is None
    assert "a secret" not in mine


async def test_an_admin_pauses_and_limits_queues(visit: Any, an_admin: Person, db: Database) -> None:
    path = "/admin/tasks/queues/exports"
    answer = await visit(an_admin, path, "POST", headers=HTMX, data={"is_paused": "true", "max_running": "3"})
    assert answer.status_code == 200
    assert "Go on with exports" in answer.text
    async with db.reading() as session:
        decided = (await queues.decisions(session))["exports"]
    assert (decided.is_paused, decided.max_running) == (True, 3)
    for wrong in ("0", "1001", "many", "-1"):
        answer = await visit(an_admin, path, "POST", headers=HTMX, data={"max_running": wrong})
        assert answer.status_code == 422
        assert "A number from 1 to 1000, or nothing." in answer.text
    answer = await visit(an_admin, path, "POST", headers=HTMX, data={"max_running": ""})
    assert "Pause exports" in answer.text
    assert (await visit(an_admin, "/admin/tasks/queues/nothing", "POST", headers=HTMX)).status_code == 404


async def test_a_file_is_one_step_away(visit: Any, put: Any, chen_the_merchant: Person, an_admin: Person) -> None:
    made = {"file_id": "1", "name": "米 <b>.csv", "size": 177_668}
    row = await put(chen_the_merchant, JobStatus.COMPLETED, result=made, finished_at=now())
    old = await put(chen_the_merchant, JobStatus.COMPLETED, result=made, finished_at=now() - 8 * 86_400)
    page = (await visit(chen_the_merchant, "/tasks")).text
    assert f'href="/tasks/{row.id}/file"' in page
    assert "米 &lt;b&gt;.csv" in page
    assert "174 KB" in page
    assert f'href="/tasks/{old.id}/file"' not in page
    assert "The file was kept for 7 days and is gone." in page
    assert f'href="/tasks/{row.id}/file"' not in (await visit(an_admin, "/admin/tasks")).text
    assert (await visit(chen_the_merchant, f"/tasks/{row.id}/file")).status_code == 410
