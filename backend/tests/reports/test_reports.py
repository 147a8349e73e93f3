"""A report against a small example that was counted by hand, and against plain counting of a larger one; who may."""

import csv
import io
from datetime import date, datetime, timedelta
from random import Random
from statistics import median_low
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response
from sqlalchemy import update

from app.accounts import platform
from app.chat import reports, reports_reading
from app.chat.models import Activity, Conversation, Message, Status
from app.chat.reports_tally import Span, rounded
from app.jobs.models import JobStatus
from app.kernel.db import Database
from app.kernel.identity import Role
from tests.chat import talking
from tests.housekeeping.conftest import Run
from tests.people import Person
from tests.working import run_enqueued

REPORTS = "/api/v1/reports/"
ZONE = ZoneInfo("Asia/Shanghai")
MONDAY, TUESDAY = "2026-11-02", "2026-11-03"
DAYS = {"first_day": MONDAY, "last_day": TUESDAY}


def at(moment: str) -> int:
    """Seconds since the epoch of `02 09:00` in November, by the shop's clocks."""
    return int(datetime.strptime(f"2026-11-{moment}", "%Y-%m-%d %H:%M").replace(tzinfo=ZONE).timestamp())


def said(place: int, seq: int, who: str, moment: str, name: str = "") -> Message:
    role = Role.BUYER if who.startswith("b") else Role.MERCHANT
    client_id = name or f"c{seq}"
    return Message(conversation_id=place, seq=seq, client_id=client_id, sender_id=who, sender_role=role, content="x",
                   created_at=at(moment))  # fmt: skip


def talk(place: int, began: str, ended: str, seqs: int, shop: str = "m1") -> Conversation:
    return Conversation(id=place, customer_id="b1", merchant_id=shop, status=Status.RESOLVED, last_seq=seqs,
                        created_at=at(began), updated_at=at(ended), last_message_time=at(ended))  # fmt: skip


def resolved(place: int, who: str, moment: str, after_seq: int) -> Activity:
    return Activity(conversation_id=place, actor_id=who, kind="status", value="resolved", after_seq=after_seq,
                    created_at=at(moment))  # fmt: skip


@pytest.fixture
async def example(
    app: FastAPI, chen_the_merchant: Person, an_the_agent: Person, honey_the_merchant: Person, lin_the_buyer: Person
) -> None:
    """Seven conversations around two days; what they add up to stands in the tests."""
    talks = [
        talk(1, "02 09:00", "03 12:30", 4),
        talk(2, "02 23:50", "03 00:20", 3),
        talk(3, "03 23:55", "04 00:05", 2),
        talk(4, "01 10:00", "02 13:00", 5),
        talk(5, "02 10:00", "02 10:10", 2, "m7"),
        talk(6, "03 08:00", "03 08:31", 3),
        talk(7, "02 10:00", "02 10:00", 0),
    ]
    messages = [
        said(1, 1, "b1", "02 09:00"), said(1, 2, "m2", "02 09:02"), said(1, 3, "b1", "03 10:00"),
        said(1, 4, "m1", "03 10:10"),
        said(2, 1, "b1", "02 23:50"), said(2, 2, "m1", "03 00:10", "auto-resolve:1"), said(2, 3, "m1", "03 00:20"),
        said(3, 1, "b1", "03 23:55"), said(3, 2, "m2", "04 00:05"),
        *(said(4, seq, "b1", "01 10:00") for seq in range(1, 5)), said(4, 5, "b1", "02 12:00"),
        said(5, 1, "b1", "02 10:00"), said(5, 2, "m7", "02 10:10"),
        said(6, 1, "m1", "03 08:00"), said(6, 2, "b1", "03 08:30"), said(6, 3, "m1", "03 08:31"),
    ]  # fmt: skip
    deeds = [
        resolved(1, "m2", "02 10:00", 2), resolved(1, "p1", "03 12:00", 4), resolved(1, "m1", "03 12:30", 4),
        resolved(4, "m1", "01 11:00", 4), resolved(4, "m2", "02 13:00", 5), resolved(5, "m7", "02 11:00", 2),
    ]  # fmt: skip

    async def fill(session: Any) -> None:
        await platform.ensure(session)
        for rows in (talks, messages, deeds):
            session.add_all(rows)
            await session.flush()

    await app.state.db.write(fill)


async def ask(client: AsyncClient, who: Person, **fields: Any) -> Response:
    return await client.post(REPORTS, json=DAYS | fields, headers=who.headers)


async def counted(client: AsyncClient, app: FastAPI, who: Person, **fields: Any) -> Any:
    asked = await ask(client, who, **fields)
    assert asked.status_code == 202, asked.text
    assert asked.json()["figures"] is None
    job = await run_enqueued(app, int(asked.json()["task_id"]))
    assert (job.status, job.result) == (JobStatus.COMPLETED, {"report_id": asked.json()["id"]}), (job.error, job.trace)
    found = await client.get(f"{REPORTS}{asked.json()['id']}", headers=who.headers)
    assert found.status_code == 200
    return found.json()


def times(count: int, median: int | None, p90: int | None) -> dict[str, int | None]:
    return {"count": count, "median": median, "p90": p90}


@pytest.mark.usefixtures("example")
async def test_the_example_that_was_counted_by_hand(
    client: AsyncClient, app: FastAPI, chen_the_merchant: Person
) -> None:
    report = await counted(client, app, chen_the_merchant)
    figures = report["figures"]
    assert figures["totals"] == {
        "started": 4, "resolved": 3, "resolved_automatically": 1, "messages_in": 6, "messages_out": 6,
        "first_response": times(4, 120, 1800), "resolution": times(3, 3600, 7200),
    }  # fmt: skip
    assert figures["days"] == [
        {"day": MONDAY, "started": 2, "resolved": 2, "resolved_automatically": 0, "messages_in": 3, "messages_out": 1,
         "first_response": times(2, 120, 1800), "resolution": times(2, 3600, 3600)},
        {"day": TUESDAY, "started": 2, "resolved": 1, "resolved_automatically": 1, "messages_in": 3, "messages_out": 5,
         "first_response": times(2, 60, 600), "resolution": times(1, 7200, 7200)},
    ]  # fmt: skip
    assert figures["agents"] == [
        {"user_id": "m1", "name": "陈记米铺", "messages": 4, "conversations": 3, "resolved": 0,
         "first_response": times(2, 60, 1800)},
        {"user_id": "m2", "name": "an", "messages": 1, "conversations": 1, "resolved": 2,
         "first_response": times(2, 120, 600)},
    ]  # fmt: skip
    busy = {(day, hour): count for day, row in enumerate(figures["hours"]) for hour, count in enumerate(row) if count}
    assert busy == {(0, 9): 1, (0, 12): 1, (0, 23): 1, (1, 8): 1, (1, 10): 1, (1, 23): 1}
    assert figures["busiest"][0] == {"weekday": 0, "hour": 9, "messages_in": 1}
    assert (report["time_zone"], report["first_day"], report["last_day"]) == ("Asia/Shanghai", MONDAY, TUESDAY)


@pytest.mark.usefixtures("example")
async def test_a_report_leaves_as_csv(
    client: AsyncClient, app: FastAPI, chen_the_merchant: Person, an_the_agent: Person
) -> None:
    formula = {"display_name": "=cmd()"}
    assert (await client.put("/api/v1/users/me", json=formula, headers=an_the_agent.headers)).status_code == 200
    report = await counted(client, app, chen_the_merchant)

    async def table(name: str, language: str = "en") -> list[list[str]]:
        headers = chen_the_merchant.headers | {"Accept-Language": language}
        answer = await client.get(f"{REPORTS}{report['id']}/csv?table={name}", headers=headers)
        assert answer.status_code == 200
        assert f"{MONDAY}-{TUESDAY}-{name}.csv" in answer.headers["content-disposition"]
        assert answer.content.startswith(b"\xef\xbb\xbf")
        return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))

    days = await table("days")
    assert days[0][0] == "Day"
    assert days[1] == [MONDAY, "2", "2", "0", "3", "1", "2", "120", "1800", "3600", "3600"]
    assert (await table("days", "zh-CN"))[0][0] == "日期"
    agents = await table("agents")
    assert agents[2] == ["m2", "'=cmd()", "1", "1", "2", "2", "120", "600"]
    hours = await table("hours")
    assert (len(hours), hours[10]) == (25, ["9", "1", "0", "0", "0", "0", "0", "0"])
    assert (
        await client.get(f"{REPORTS}{report['id']}/csv?table=x", headers=chen_the_merchant.headers)
    ).status_code == 422


async def test_a_report_that_is_not_counted_yet_has_no_table(client: AsyncClient, chen_the_merchant: Person) -> None:
    made = (await ask(client, chen_the_merchant)).json()
    answer = await client.get(f"{REPORTS}{made['id']}/csv", headers=chen_the_merchant.headers)
    assert talking.refusal(answer) == (409, "report_not_ready")


@pytest.mark.usefixtures("example")
async def test_the_owner_and_admins_read_and_nobody_else(
    client: AsyncClient, app: FastAPI, chen_the_merchant: Person, an_the_agent: Person, honey_the_merchant: Person,
    lin_the_buyer: Person, an_admin: Person,
) -> None:  # fmt: skip
    report = await counted(client, app, chen_the_merchant)
    one = f"{REPORTS}{report['id']}"
    daily = f"{REPORTS}daily/?first_day={MONDAY}&last_day={TUESDAY}"
    assert talking.refusal(await ask(client, an_the_agent)) == (403, "owner_only")
    assert (await ask(client, lin_the_buyer)).status_code == 403
    assert talking.refusal(await ask(client, honey_the_merchant, merchant_id="m1")) == (404, "shop_not_found")
    assert talking.refusal(await ask(client, an_admin)) == (400, "shop_missing")
    for path in (one, f"{one}/csv"):
        assert (await client.get(path, headers=an_the_agent.headers)).status_code == 403
        assert talking.refusal(await client.get(path, headers=honey_the_merchant.headers)) == (404, "report_not_found")
        assert (await client.get(path, headers=lin_the_buyer.headers)).status_code == 403
        assert (await client.get(path)).status_code == 401
        assert (await client.get(path, headers=an_admin.headers)).status_code == 200
    for path in (REPORTS, daily):
        assert (await client.get(path, headers=an_the_agent.headers)).status_code == 403
        assert (await client.get(path, headers=an_admin.headers)).status_code == 400
    shops = await client.get(f"{REPORTS}?merchant_id=m1", headers=an_admin.headers)
    assert [(row["id"], row["figures"]) for row in shops.json()["results"]] == [(report["id"], None)]
    assert (await client.get(REPORTS, headers=honey_the_merchant.headers)).json()["count"] == 0
    assert (await client.get(f"{REPORTS}404", headers=an_admin.headers)).status_code == 404
    theirs = await counted(client, app, an_admin, merchant_id="m7")
    assert theirs["figures"]["totals"]["messages_in"] == 1
    task = {"kind": "chat.report", "payload": {"report_id": report["id"]}}
    assert (await client.post("/api/v1/tasks/", json=task, headers=chen_the_merchant.headers)).status_code == 422


@pytest.mark.parametrize(
    "days",
    [
        {"first_day": TUESDAY, "last_day": MONDAY}, {"first_day": "2025-11-01", "last_day": "2026-11-02"},
        {"last_day": "2999-01-01"}, {"first_day": "0001-01-01", "last_day": "0001-01-02"}, {"first_day": "x"},
    ],
)  # fmt: skip
async def test_days_that_make_no_sense_are_refused(
    client: AsyncClient, chen_the_merchant: Person, days: dict[str, str]
) -> None:
    assert (await ask(client, chen_the_merchant, **days)).status_code == 422


async def test_a_larger_shop_counted_in_slices_is_what_plain_counting_says(
    app: FastAPI, chen_the_merchant: Person, lin_the_buyer: Person
) -> None:
    chance = Random(7)
    start, end = at("02 00:00"), at("04 00:00")
    talks, messages = [], []
    for place in range(1, 231):
        moment = began = start + chance.randrange(-40_000, 172_000)
        count = 1100 if place == 50 else chance.randrange(1, 15)
        for seq in range(1, count + 1):
            who = "b1" if chance.random() < 0.5 else "m1"
            role = Role.BUYER if who == "b1" else Role.MERCHANT
            messages.append(Message(conversation_id=place, seq=seq, client_id=f"c{seq}", sender_id=who,
                                    sender_role=role, content="x", created_at=moment))  # fmt: skip
            moment += chance.randrange(0, 9000 if count < 20 else 90)
        talks.append(Conversation(id=place, customer_id="b1", merchant_id="m1", last_seq=count, created_at=began,
                                  updated_at=moment, last_message_time=moment))  # fmt: skip

    async def fill(session: Any) -> None:
        session.add_all(talks)
        await session.flush()
        session.add_all(messages)

    db: Database = app.state.db
    await db.write(fill)
    inside = [one for one in messages if start <= one.created_at < end]
    waits = []
    for one in (one for one in talks if start <= one.created_at < end):
        thread = [said for said in messages if said.conversation_id == one.id]
        asked = next((said for said in thread if said.sender_id == "b1" and said.created_at < end), None)
        answer = next((said for said in thread if asked and said.sender_id == "m1" and said.seq > asked.seq), None)
        if asked and answer:
            waits.append(rounded(answer.created_at - asked.created_at))
    told: list[tuple[int, int]] = []

    async def tell(done: int, total: int) -> None:
        told.append((done, total))

    span = Span(date(2026, 11, 2), date(2026, 11, 3), ZONE)
    totals = (await reports_reading.figures(db, "m1", span, tell))["totals"]
    assert totals["started"] == sum(start <= one.created_at < end for one in talks)
    assert totals["messages_in"] == sum(one.sender_id == "b1" for one in inside)
    assert totals["messages_out"] == sum(one.sender_id == "m1" for one in inside)
    assert (totals["first_response"]["count"], totals["first_response"]["median"]) == (len(waits), median_low(waits))
    assert told[-1][0] == told[-1][1]
    assert len(told) >= 3


async def test_the_nights_figures_are_kept_by_day_and_counted_again(
    client: AsyncClient, app: FastAPI, run: Run, chen_the_merchant: Person, lin_the_buyer: Person
) -> None:
    place = await talking.start(client, lin_the_buyer)
    await talking.sent(client, lin_the_buyer, place, "昨天的话")
    db: Database = app.state.db
    earlier = {name: getattr(Conversation, name) - 86_400 for name in ("created_at", "updated_at", "last_message_time")}
    await db.write(lambda session: session.exec(update(Conversation).values(earlier)))
    await db.write(lambda session: session.exec(update(Message).values(created_at=Message.created_at - 86_400)))
    day = reports.today(app.state.settings) - timedelta(days=1)

    async def read() -> Any:
        address = f"{REPORTS}daily/?first_day={day - timedelta(days=300)}&last_day={day}"
        return (await client.get(address, headers=chen_the_merchant.headers)).json()

    assert await run("chat.daily_reports") == {"shops": 1}
    first = await read()
    assert (len(first), first[-1]["day"]) == (reports.FIRST_DAYS, day.isoformat())
    assert [one["day"] for one in first if one["figures"]["messages_in"]] == [day.isoformat()]
    assert first[-1]["figures"]["first_response"]["count"] == 0
    await talking.sent(client, chen_the_merchant, place, "今天的回答")  # which belongs to yesterday's question
    assert await run("chat.daily_reports") == {"shops": 1}
    again = await read()
    assert (len(again), again[-1]["figures"]["first_response"]["count"]) == (reports.FIRST_DAYS, 1)
    async with db.reading() as session:
        span = await reports.days_to_count(session, app.state.settings, "m1")
    assert len(span.days) == reports.RECOUNTED_DAYS
