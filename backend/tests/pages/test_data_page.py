"""The page of exports and imports, with htmx and without any script."""

import re
from typing import Any

import pytest

from app.accounts.models import SessionKind
from app.chat.exports.orders import ExportOrder
from app.jobs import queue
from app.jobs.models import Job
from app.kernel.paging import Page
from tests import people

PAGE = "/settings/data"
TABLE = b"name,email,shoe\r\nLin,lin@example.com,38\r\n<b>Mo</b>,mo@example.com,40"
HX = {"HX-Request": "true"}


@pytest.fixture
async def desk(db: Any, settings: Any, chen_the_merchant: Any) -> dict[str, str]:
    back = await people.come_back(db, settings, "m1", SessionKind.CONSOLE)
    return {"Cookie": f"parley_session={back.cookie}", "Accept": "text/html", "Accept-Language": "en"}


@pytest.fixture
def jobs(db: Any, chen_the_merchant: Any) -> Any:
    async def read() -> list[Job]:
        async with db.reading() as session:
            return (await queue.listing(session, chen_the_merchant.identity, Page()))[1]

    return read


async def test_an_export_is_started_by_a_form(client: Any, desk: Any, jobs: Any) -> None:
    assert "No tasks yet" in (await client.get(PAGE, headers=desk)).text
    form = {
        "format": "xlsx", "since": "2026-01-31", "until": "2026-02-01", "status": "open", "label": " vip ",
        "assignee": "none", "include_notes": "true",
    }  # fmt: skip
    sent = await client.post(f"{PAGE}/export", data=form, headers=desk)
    assert (sent.status_code, sent.headers["location"]) == (303, PAGE)
    (job,) = await jobs()
    order = ExportOrder.model_validate(job.payload)
    assert (order.since, order.until) == (1769788800, 1769788800 + 2 * 86_400)  # midnights of Shanghai
    assert (order.label, order.assignee, order.include_notes, order.locale) == ("vip", "none", True, "en")
    partial = await client.post(f"{PAGE}/export", data={"format": "csv"}, headers=desk | HX)
    assert partial.text.count("data-task-row=") == 2
    assert (await client.get(PAGE, headers=desk)).text.count("data-task-row=") == 2


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"since": "yesterday"}, "A date looks like"),
        ({"until": "9999-12-31"}, "A date looks like"),  # no day comes after it
        ({"since": "2026-02-01", "until": "2026-01-01"}, "The first day is after the last one."),
        ({"status": "gone"}, "There is no such status."),
    ],
)
async def test_a_wrong_form_is_shown_again(form: dict[str, str], said: str, client: Any, desk: Any, jobs: Any) -> None:
    answer = await client.post(f"{PAGE}/export", data=form, headers=desk)
    assert (answer.status_code, said in answer.text) == (422, True)
    part = await client.post(f"{PAGE}/export", data=form, headers=desk | HX)
    assert (part.status_code, part.headers["HX-Retarget"]) == (422, "#export-form")
    assert part.text.startswith("<form")
    assert await jobs() == []


@pytest.mark.parametrize("headers", [{}, HX])
async def test_a_table_is_looked_at_and_confirmed(headers: dict[str, str], client: Any, desk: Any, jobs: Any) -> None:
    files = {"file": ("people.csv", TABLE)}
    shown = await client.post(f"{PAGE}/imports/contacts", files=files, headers=desk | headers)
    assert shown.status_code == 200
    assert ("<!doctype html>" in shown.text) is not bool(headers)
    assert "&lt;b&gt;Mo&lt;/b&gt;" in shown.text
    assert "Columns that are not read: shoe" in shown.text
    (address,) = set(re.findall(rf'action="({PAGE}/imports/contacts/\d+)/confirm"', shown.text))
    pressed = await client.post(f"{address}/confirm", headers=desk | headers)
    assert pressed.status_code == (200 if headers else 303)
    assert pressed.headers.get("HX-Trigger") == ("tasks-changed" if headers else None)
    assert [job.kind for job in await jobs()] == ["chat.import_contacts"]


async def test_mistakes_of_a_table_are_listed(client: Any, desk: Any, jobs: Any) -> None:
    files = {"file": ("people.csv", b"name,email\r\nLin,nowhere\r\n")}
    shown = await client.post(f"{PAGE}/imports/contacts", files=files, headers=desk | HX)
    assert "Line 2, email: This is no e-mail address." in shown.text
    assert "/confirm" not in shown.text
    (address,) = set(re.findall(rf'action="({PAGE}/imports/contacts/\d+)/discard"', shown.text))
    assert 'type="file"' in (await client.post(f"{address}/discard", headers=desk | HX)).text


@pytest.mark.parametrize(("content", "status"), [(b"", 400), (b"foo\n1", 400), (b"name\n" + b"x" * 10_485_761, 413)])
async def test_a_file_that_cannot_be_read_is_refused_in_place(
    content: bytes, status: int, client: Any, desk: Any
) -> None:
    for headers in (desk, desk | HX):
        answer = await client.post(f"{PAGE}/imports/contacts", files={"file": ("x.csv", content)}, headers=headers)
        assert (answer.status_code, 'role="alert"' in answer.text) == (status, True)


async def test_templates_are_there(client: Any, desk: Any) -> None:
    for ending in ("csv", "xlsx"):
        assert (await client.get(f"{PAGE}/imports/quick-replies/template.{ending}", headers=desk)).status_code == 200


async def test_only_merchants_have_the_page(client: Any, an_admin: Any) -> None:
    stranger = await client.get(PAGE, headers={"Accept": "text/html"})
    assert (stranger.status_code, stranger.headers["location"]) == (303, "/sign-in?next=/settings/data")
    assert (await client.get(PAGE, headers=an_admin.headers)).status_code == 403
