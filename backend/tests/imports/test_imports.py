"""From an upload to rows: looked at first, all or nothing, once."""

import asyncio
import io
from typing import Any

import openpyxl
import pytest
import time_machine

from app.chat.imports.previews import ImportOrder
from app.jobs import queue
from app.jobs.models import JobStatus
from app.jobs.runs import Run
from app.kernel.clock import now
from tests.imports.conftest import API, csv_of, workbook

PEOPLE = csv_of(
    "姓名,邮箱,手机,备注,鞋码", "林夏,LIN@Example.com,138 0013 8000,早上打电话,38", "Maria,,+49 151 23456789,,40"
)


async def test_contacts_are_looked_at_then_imported(
    upload: Any, confirm: Any, work: Any, contacts: Any, kept: Any, chen_the_merchant: Any
) -> None:
    preview = await upload(chen_the_merchant, "contacts", PEOPLE)
    body = preview.json()
    assert preview.status_code == 201
    assert [column["field"] for column in body["columns"]] == ["name", "email", "phone", "note", None]
    assert (body["count"], body["added"], body["updated"], body["skipped"]) == (2, 2, 0, 0)
    assert (body["problems"], body["can_confirm"]) == ([], True)
    assert body["rows"][0] == {
        "line": 2, "verdict": "new",
        "values": {"name": "林夏", "email": "LIN@Example.com", "phone": "138 0013 8000", "note": "早上打电话"},
    }  # fmt: skip
    assert await contacts() == []
    job = await work((await confirm(chen_the_merchant, preview)).json()["id"])
    assert job.result == {"rows": 2, "added": 2, "updated": 0, "skipped": 0}
    assert await contacts() == [
        ("林夏", "lin@example.com", "+8613800138000", "", "早上打电话"),
        ("Maria", None, "+4915123456789", "", ""),
    ]
    assert kept() == []


async def test_known_contacts_are_brought_up_to_date(imported: Any, contacts: Any, chen_the_merchant: Any) -> None:
    await imported(chen_the_merchant, "contacts", PEOPLE)
    again = csv_of(
        "name,email,phone,company", ",lin@example.com,,Rice & Co", "Maria,,+4915123456789,", "Mo,,,", "Mo,,,"
    )
    job = await imported(chen_the_merchant, "contacts", again)
    assert job.result == {"rows": 4, "added": 1, "updated": 1, "skipped": 2}
    assert await contacts() == [
        ("林夏", "lin@example.com", "+8613800138000", "Rice & Co", "早上打电话"),
        ("Maria", None, "+4915123456789", "", ""),
        ("Mo", None, None, "", ""),
    ]
    assert (await imported(chen_the_merchant, "contacts", again)).result == {
        "rows": 4, "added": 0, "updated": 0, "skipped": 4,
    }  # fmt: skip


async def test_bad_rows_are_named_and_nothing_is_written(
    upload: Any, confirm: Any, contacts: Any, chen_the_merchant: Any, db: Any, work: Any
) -> None:
    table = csv_of("姓名,邮箱,电话", "好人,,13800138000", "甲,not-an-address,", ",,", "乙,,12", "丙,c@example.com,")
    preview = await upload(chen_the_merchant, "contacts", table, language="zh-CN")
    body = preview.json()
    assert [(problem["line"], problem["column"]) for problem in body["problems"]] == [(3, "邮箱"), (5, "电话")]
    assert body["problems"][0]["detail"] == "这不是有效的邮箱地址。"
    assert [row["verdict"] for row in body["rows"]] == ["new", "wrong", "wrong", "new"]
    refused = await confirm(chen_the_merchant, preview)
    assert (refused.status_code, refused.json()["code"]) == (409, "import_has_problems")
    # Also when the job is started past the preview.
    order = ImportOrder(file_id=int(body["id"]))
    job = await db.write(lambda session: queue.enqueue(session, "chat.import_contacts", order, owner_id="m1"))
    assert (await work(job.id)).error["code"] == "import_has_problems"
    assert await contacts() == []


async def test_an_address_of_two_contacts_is_a_problem(imported: Any, upload: Any, chen_the_merchant: Any) -> None:
    await imported(chen_the_merchant, "contacts", csv_of("name,email,phone", "A,a@example.com,", "B,,13800138000"))
    body = (await upload(chen_the_merchant, "contacts", csv_of("email,phone", "a@example.com,13800138000"))).json()
    assert (body["problem_count"], body["can_confirm"]) == (1, False)


async def test_confirmed_twice_it_is_written_once(
    upload: Any, confirm: Any, work: Any, contacts: Any, chen_the_merchant: Any, db: Any
) -> None:
    preview = (await upload(chen_the_merchant, "contacts", csv_of("name", "A", "B"))).json()
    answers = await asyncio.gather(*(confirm(chen_the_merchant, preview) for _ in range(3)))
    assert len({answer.json()["id"] for answer in answers}) == 1
    order = ImportOrder(file_id=int(preview["id"]))
    other = await db.write(lambda session: queue.enqueue(session, "chat.import_contacts", order, owner_id="m1"))
    ends = [await work(answers[0].json()["id"]), await work(other.id)]
    assert {end.status for end in ends} <= {JobStatus.COMPLETED, JobStatus.FAILED}
    assert sum(end.status is JobStatus.COMPLETED for end in ends) == 1
    assert [name for name, *_ in await contacts()] == ["A", "B"]
    late = await confirm(chen_the_merchant, preview)
    assert (late.status_code, late.json()["id"]) == (200, answers[0].json()["id"])


async def test_of_two_jobs_that_bring_one_upload_at_once_one_does(
    upload: Any, confirm: Any, work: Any, contacts: Any, chen_the_merchant: Any, db: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Both have read the table before either writes."""
    together, complete = asyncio.Barrier(2), Run.complete

    async def meet(self: Run, *given: Any) -> None:
        await together.wait()
        await complete(self, *given)

    monkeypatch.setattr(Run, "complete", meet)
    preview = (await upload(chen_the_merchant, "contacts", csv_of("name", "A", "B"))).json()
    order = ImportOrder(file_id=int(preview["id"]))
    other = await db.write(lambda session: queue.enqueue(session, "chat.import_contacts", order, owner_id="m1"))
    first = (await confirm(chen_the_merchant, preview)).json()["id"]
    ends = [await work(first), await work(other.id)]
    assert sorted(end.status for end in ends) == [JobStatus.COMPLETED, JobStatus.FAILED]
    # The second hears that it is done, or, begun again after its worker stopped, that the upload is gone
    assert next(end for end in ends if end.error).error["code"] in ("import_done", "import_expired")
    assert [name for name, *_ in await contacts()] == ["A", "B"]


async def test_quick_replies_are_added_and_changed(
    imported: Any, replies: Any, chen_the_merchant: Any, an_the_agent: Any
) -> None:
    first = csv_of(
        "标题,内容,共享", '发货,"今天下单\n明天发货",是', ",谢谢您！,", "退货,七天内可退,否", "退货,另一句,否"
    )
    job = await imported(chen_the_merchant, "quick-replies", first)
    assert job.result == {"rows": 4, "added": 3, "updated": 0, "skipped": 1}
    assert await replies() == [
        ("m1", "发货", "今天下单\n明天发货", True), ("m1", "", "谢谢您！", False), ("m1", "退货", "七天内可退", False),
    ]  # fmt: skip
    second = workbook(["Title", "Content"], ["发货", "今天下单\n明天发货"], ["退货", "三十天内可退"])
    assert (await imported(chen_the_merchant, "quick-replies", second, "b.xlsx")).result == {
        "rows": 2, "added": 0, "updated": 1, "skipped": 1,
    }  # fmt: skip
    assert (await imported(an_the_agent, "quick-replies", second, "b.xlsx")).result == {
        "rows": 2, "added": 1, "updated": 0, "skipped": 1,
    }  # fmt: skip
    assert (await replies())[2:] == [("m1", "退货", "三十天内可退", False), ("m2", "退货", "三十天内可退", False)]


async def test_a_thousand_rows_and_more_go_in_at_once(imported: Any, contacts: Any, chen_the_merchant: Any) -> None:
    rows = [f"p{number},p{number}@example.com" for number in range(1203)]
    assert (await imported(chen_the_merchant, "contacts", csv_of("name,email", *rows))).result["added"] == 1203
    rows = [f"q{number},p{number}@example.com" for number in range(1203)]
    assert (await imported(chen_the_merchant, "contacts", csv_of("name,email", *rows))).result["updated"] == 1203
    assert {name[0] for name, *_ in await contacts()} == {"q"}


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (csv_of("foo,bar", "1,2"), 400, "columns_missing"),
        (csv_of("name,email"), 400, "no_rows"),
        (b"", 400, "empty_table"),
        (csv_of("name", *("x" for _ in range(20_001))), 413, "too_many_rows"),
        (b"name\n" + b"x" * 10_485_760, 413, "file_too_large"),
        (b"name\n" + b"x" * 12_000_000, 413, "too_large"),
    ],
)
async def test_what_cannot_be_read_is_refused_and_not_kept(
    content: bytes, status: int, code: str, upload: Any, kept: Any, chen_the_merchant: Any
) -> None:
    refused = await upload(chen_the_merchant, "contacts", content)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert kept() == []


async def test_only_the_merchants_side_imports(
    upload: Any, client: Any, chen_the_merchant: Any, an_the_agent: Any, honey_the_merchant: Any, lin_the_buyer: Any,
    an_admin: Any,
) -> None:  # fmt: skip
    for person, status in ((lin_the_buyer, 403), (an_admin, 403), (an_the_agent, 201)):
        assert (await upload(person, "contacts", PEOPLE)).status_code == status
    assert (await client.post(f"{API}contacts/", files={"file": ("a.csv", PEOPLE)})).status_code == 401
    number = (await upload(chen_the_merchant, "contacts", PEOPLE)).json()["id"]
    for person in (an_the_agent, honey_the_merchant):
        for method, end in (("GET", ""), ("POST", "/confirm"), ("DELETE", "")):
            answer = await client.request(method, f"{API}contacts/{number}{end}", headers=person.headers)
            assert answer.status_code == 404


async def test_another_shops_contacts_are_no_duplicates(
    imported: Any, contacts: Any, chen_the_merchant: Any, honey_the_merchant: Any
) -> None:
    for person in (chen_the_merchant, honey_the_merchant):
        assert (await imported(person, "contacts", PEOPLE)).result["added"] == 2
    assert len(await contacts("m7")) == 2


async def test_an_upload_can_be_looked_at_again_and_thrown_away(
    upload: Any, client: Any, kept: Any, chen_the_merchant: Any
) -> None:
    body = (await upload(chen_the_merchant, "contacts", PEOPLE)).json()
    where, headers = f"{API}contacts/{body['id']}", chen_the_merchant.headers
    again = (await client.get(where, headers=headers)).json()
    assert again | {"columns": body["columns"]} == body
    assert len(kept()) == 1
    assert (await client.delete(where, headers=headers)).status_code == 204
    assert (kept(), (await client.get(where, headers=headers)).status_code) == ([], 404)


async def test_after_a_day_an_upload_is_gone(
    upload: Any, confirm: Any, chen_the_merchant: Any, kept: Any, db: Any, work: Any
) -> None:
    import app.files.private_tasks  # noqa: F401

    preview = await upload(chen_the_merchant, "contacts", PEOPLE)
    with time_machine.travel(now() + 86_400 + 60):
        assert (await confirm(chen_the_merchant, preview)).status_code == 404
        job = await db.write(lambda session: queue.enqueue(session, "files.sweep_private"))
        assert (await work(job.id)).result["expired"] == 1
    assert kept() == []


@pytest.mark.parametrize("kind", ["contacts", "quick-replies"])
@pytest.mark.parametrize("language", ["en", "zh-CN"])
async def test_the_templates_can_be_imported(
    kind: str, language: str, client: Any, imported: Any, chen_the_merchant: Any
) -> None:
    headers = chen_the_merchant.headers | {"Accept-Language": language}
    for ending in ("csv", "xlsx"):
        got = await client.get(f"{API}{kind}/template.{ending}", headers=headers)
        assert got.status_code == 200
        assert "attachment" in got.headers["content-disposition"]
        job = await imported(chen_the_merchant, kind, got.content, f"t.{ending}")
        assert job.result["added"] == (1 if ending == "csv" else 0)
    assert openpyxl.load_workbook(io.BytesIO(got.content)).active.max_row == 2


async def test_who_has_left_the_shop_imports_nothing(
    upload: Any, confirm: Any, work: Any, client: Any, contacts: Any, chen_the_merchant: Any, an_the_agent: Any
) -> None:
    started = await confirm(an_the_agent, await upload(an_the_agent, "contacts", PEOPLE))
    await client.delete(f"/api/v1/staff/{an_the_agent.id}", headers=chen_the_merchant.headers)
    job = await work(started.json()["id"])
    assert (job.status, job.error["code"]) == (JobStatus.FAILED, "not_allowed")
    assert await contacts() == []
