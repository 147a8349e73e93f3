"""Ranges are added up from days: the small example that was counted by hand, and what the page makes of it."""

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from app.accounts import platform
from app.chat import reports, reports_range, reports_reading
from app.chat.models import ConversationLabel, Message
from app.chat.ratings import Rating
from app.chat.reports_daybook import VERSION
from app.chat.reports_models import DailyReport
from app.chat.reports_range import Days
from app.chat.reports_tally import Span
from app.kernel.db import Database
from app.kernel.identity import Role
from tests.chat import talking
from tests.people import Person
from tests.reports.test_reports import MONDAY, TUESDAY, ZONE, at
from tests.reports.test_reports import example as example
from tests.working import run_job

BOTH = Days(date(2026, 11, 2), date(2026, 11, 3))


@pytest.fixture
async def details(app: FastAPI, example: None) -> None:
    """Labels, ratings, and what the product said by itself, beside the example."""
    automatic = Message(conversation_id=3, seq=3, client_id="away", sender_id=platform.USER_ID, content="x",
                        sender_role=Role.PLATFORM, created_at=at("03 23:56"))  # fmt: skip
    rows: list[Any] = [
        ConversationLabel(conversation_id=1, name="VIP"), ConversationLabel(conversation_id=2, name="VIP"),
        ConversationLabel(conversation_id=4, name="退款"),
        _rating(1, 5, "m2", "02 10:05"), _rating(4, 2, "m1", "02 13:05"), _rating(2, 4, None, "03 09:00"),
        _rating(5, 1, "m7", "02 11:05", "m7"), automatic,
    ]  # fmt: skip

    async def fill(session: Any) -> None:
        session.add_all(rows)

    await app.state.db.write(fill)


def _rating(place: int, score: int, agent: str | None, moment: str, shop: str = "m1") -> Rating:
    return Rating(conversation_id=place, merchant_id=shop, customer_id="b1", agent_id=agent, score=score,
                  created_at=at(moment))  # fmt: skip


async def counted(db: Database, days: Days) -> list[dict[str, Any]]:
    async def silent(done: int, total: int) -> None:
        """Nobody follows."""

    return await reports_reading.days(db, "m1", Span(days.first, days.last, ZONE), silent)


@pytest.mark.usefixtures("details")
async def test_two_days_in_full_as_counted_by_hand(app: FastAPI) -> None:
    monday, tuesday = await counted(app.state.db, BOTH)
    assert (monday["started"], monday["resolved"], monday["messages_in"], monday["messages_out"]) == (2, 2, 3, 1)
    # Talk 1 waited 120 s on Monday (09:00) and 600 s on Tuesday (10:00); talk 2 from 23:50 over midnight, 1800 s: the
    # automatic warning at 00:10 ended nothing. Talk 3 waited 600 s into Wednesday, whatever the product said; talk 6
    # 60 s. Talk 4 was waiting since Sunday and nobody answers it.
    assert monday["spread"]["waiting"] == {"120": 1, "1800": 1}
    assert tuesday["spread"]["waiting"] == {"600": 2, "60": 1}
    assert monday["waiting"] == {"count": 2, "median": 120, "p90": 1800}
    assert monday["agents"] == {
        "m1": {"messages": 0, "conversations": 0, "resolved": 0, "spread": {"1800": 1}, "rated": [1, 2]},
        "m2": {"messages": 1, "conversations": 1, "resolved": 2, "spread": {"120": 1}, "rated": [1, 5]},
    }
    assert tuesday["agents"]["m1"] == {
        "messages": 4, "conversations": 3, "resolved": 0, "spread": {"60": 1}, "rated": [0, 0],
    }  # fmt: skip
    assert monday["labels"] == {
        "VIP": {"started": 2, "resolved": 1, "spread": {"120": 1, "1800": 1}},
        "退款": {"started": 0, "resolved": 1, "spread": {}},
    }
    assert (monday["ratings"], tuesday["ratings"]) == ({"5": 1, "2": 1}, {"4": 1})
    assert {hour: count for hour, count in enumerate(tuesday["hours"]) if count} == {8: 1, 10: 1, 23: 1}


@pytest.mark.usefixtures("details")
async def test_a_range_is_the_sum_of_its_days_whichever_way_it_was_counted(app: FastAPI) -> None:
    together = reports_range.totals(await counted(app.state.db, BOTH))
    apart = [day for each in BOTH.each() for day in await counted(app.state.db, Days(each, each))]
    assert reports_range.totals(apart) == together
    assert together["first_response"] == {"count": 4, "median": 120, "p90": 1800}
    assert together["waiting"] == {"count": 5, "median": 600, "p90": 1800}
    assert together["resolution"] == {"count": 3, "median": 3600, "p90": 7200}
    assert together["ratings"] == {"count": 3, "average": 11 / 3, "scores": {1: 0, 2: 1, 3: 0, 4: 1, 5: 1}}
    assert [(one["user_id"], one["messages"], one["rated"]["average"]) for one in together["agents"]] == [
        ("m1", 4, 2.0), ("m2", 1, 5.0),
    ]  # fmt: skip
    assert together["hours"][0][9] == together["hours"][1][23] == 1
    assert reports_range.totals([None, None])["waiting"] == {"count": 0, "median": None, "p90": None}


def _range(**more: str) -> dict[str, str]:
    return {"range": "own", "first": MONDAY, "last": TUESDAY} | more


@pytest.mark.usefixtures("details")
async def test_days_that_were_never_counted_are_counted_by_a_task(
    app: FastAPI, client: AsyncClient, chen_the_merchant: Person
) -> None:
    waiting = await client.get("/reports", params=_range(), headers=chen_the_merchant.headers)
    assert (waiting.status_code, "Earlier days are being counted" in waiting.text) == (200, True)
    order = reports_range.DaysOrder(merchant_id="m1", first_day=date(2026, 11, 1), last_day=BOTH.last)
    assert await run_job(app, reports_range.COUNT_DAYS, order) == {"days": 3}
    page = await client.get("/reports", params=_range(), headers=chen_the_merchant.headers)
    assert "Earlier days are being counted" not in page.text
    async with app.state.db.writing() as session:  # an older counting is counted again
        row = await session.get_one(DailyReport, ("m1", MONDAY))
        assert row.version == VERSION
        row.version = 1
    again = await client.get("/reports", params=_range(), headers=chen_the_merchant.headers)
    assert "Earlier days are being counted" in again.text


@pytest.mark.usefixtures("details")
async def test_every_table_leaves_as_csv(
    app: FastAPI, client: AsyncClient, chen_the_merchant: Person, an_the_agent: Person
) -> None:
    days = await counted(app.state.db, BOTH)
    await app.state.db.write(lambda session: reports.keep_days(session, "m1", days))

    async def table(sheet: str, who: Person = chen_the_merchant, language: str = "en") -> list[list[str]]:
        headers = who.headers | {"Accept-Language": language}
        answer = await client.get("/reports/csv", params=_range(sheet=sheet), headers=headers)
        assert (answer.status_code, answer.content[:3]) == (200, b"\xef\xbb\xbf")
        assert f"{sheet}-{MONDAY}-{TUESDAY}.csv" in answer.headers["content-disposition"]
        return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))

    assert (await table("days"))[1][:6] == [MONDAY, "2", "2", "0", "3", "1"]
    assert (await table("days"))[1][11:] == ["2", "120", "1800", "2", "3.5"]
    assert (await table("days", language="zh-CN"))[0][0] == "日期"
    assert [row[0] for row in (await table("agents"))[1:]] == ["m1", "m2"]
    assert [row[0] for row in (await table("agents", an_the_agent))[1:]] == ["m2"]  # of people, the own numbers only
    assert (await table("labels"))[1] == ["VIP", "2", "2", "2", "120", "1800"]
    assert (await table("ratings"))[5] == ["5", "1"]
    assert (await table("hours"))[10] == ["9", "1", "0", "0", "0", "0", "0", "0"]


async def test_the_page_is_the_shops(
    client: AsyncClient, chen_the_merchant: Person, an_the_agent: Person, lin_the_buyer: Person, an_admin: Person,
) -> None:  # fmt: skip
    await talking.sent(client, lin_the_buyer, await talking.start(client, lin_the_buyer))
    for path in ("/reports", "/reports/live", "/reports/csv"):
        assert (await client.get(path)).status_code == 303
        for stranger in (lin_the_buyer, an_admin):
            assert (await client.get(path, headers=stranger.headers)).status_code == 403
        for person in (chen_the_merchant, an_the_agent):
            assert (await client.get(path, headers=person.headers)).status_code == 200
    for bad in ({"first": TUESDAY, "last": MONDAY}, {"first": "x"}, {"last": "2999-01-01"}):
        page = await client.get("/reports", params=_range(**bad), headers=chen_the_merchant.headers)
        assert page.status_code == 422
    assert (await client.get("/reports?range=x", headers=chen_the_merchant.headers)).status_code == 422


async def test_the_page_says_how_it_stands_now(
    app: FastAPI, client: AsyncClient, chen_the_merchant: Person, lin_the_buyer: Person, maria_the_buyer: Person
) -> None:
    places = [await talking.start(client, who) for who in (lin_the_buyer, maria_the_buyer)]
    for who, place in zip((lin_the_buyer, maria_the_buyer), places, strict=True):
        await talking.sent(client, who, place)
    await talking.sent(client, chen_the_merchant, places[1])
    async with app.state.db.reading() as session:
        live = await reports_range.live(session, "m1")
    assert (live.open, live.waiting, live.oldest is not None) == (2, 1, True)
    page = await client.get("/reports?range=today", headers=chen_the_merchant.headers)
    today = reports.today(app.state.settings)
    found, before, is_missing = await reports_range.read(app.state.db, app.state.settings, "m1", Days(today, today))
    assert (page.status_code, found[0]["messages_in"], before["messages_in"], is_missing) == (200, 2, 0, False)
    assert Days(today, today).before == Days(today - timedelta(days=1), today - timedelta(days=1))
