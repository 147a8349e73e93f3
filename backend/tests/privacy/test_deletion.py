"""The end of a person: seven days to change one's mind, then nothing that is theirs, and the shop's thread unbroken."""

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response
from sqlalchemy import text
from sqlmodel import col, func, select

from app.accounts.models import AuthSession, Credential, Device, Staff, User
from app.accounts.shop_settings import ShopSettings
from app.chat.contacts_models import ContactCustomer
from app.chat.models import Activity, Conversation, Message, QuickReply
from app.chat.notes_models import Note
from app.files.models import StoredFile
from app.jobs.models import Job, JobStatus
from app.kernel.config import Settings
from app.kernel.db import Database
from app.kernel.identity import Role
from app.privacy.deletions import PersonOrder
from app.privacy.models import PersonDeletion
from app.webhooks.models import WebhookEndpoint
from tests.chat import talking
from tests.housekeeping.conftest import Run
from tests.housekeeping.test_retention import found, index, indexed
from tests.housekeeping.test_uploads import Media, upload
from tests.people import PASSWORD, Enter, Person, come_back
from tests.privacy.conftest import Go

ME = "/api/v1/users/me/deletion"
DAY = 86_400


async def ask(client: AsyncClient, who: Person, **body: Any) -> Response:
    return await client.post(ME, json={"confirm": True, "password": PASSWORD} | body, headers=who.headers)


async def count(db: Database, model: Any, *where: Any) -> int:
    async with db.reading() as session:
        return int((await session.exec(select(func.count()).select_from(model).where(*where))).one())


async def test_a_buyers_own_words_go_and_the_shops_stay(
    client: AsyncClient, app: FastAPI, db: Database, media: Media, seven_days_later: Go, run: Run,
    lin_the_buyer: Person, maria_the_buyer: Person, chen_the_merchant: Person,
) -> None:  # fmt: skip
    place = await talking.start(client, lin_the_buyer)
    file = await upload(client, lin_the_buyer, b"my address", "a.txt")
    await upload(client, lin_the_buyer, b"never sent", "b.txt")
    await talking.sent(client, lin_the_buyer, place, "我住在长安街1号")
    await talking.sent(client, chen_the_merchant, place, "大米今天发货")
    last = await talking.sent(
        client, lin_the_buyer, place, "大米谢谢", attachment_ids=[file["id"]], message_type="file"
    )
    await talking.post(client, chen_the_merchant, f"{talking.CONVERSATIONS}{place}/notes/", {"content": "林女士很急"})
    other = await talking.start(client, maria_the_buyer)
    await talking.sent(client, maria_the_buyer, other, "我也要大米")
    await index(app)

    assert (await ask(client, lin_the_buyer)).status_code == 202
    assert (await client.get("/api/v1/users/me", headers=lin_the_buyer.headers)).status_code == 401
    job = await seven_days_later("b1")
    assert (job.status, job.result) == (JobStatus.COMPLETED, {"deleted": True, "conversations": 1, "files": 2})

    said = await talking.thread(client, chen_the_merchant, place)
    assert [(one["seq"], one["content"], one["attachments"], one["message_type"]) for one in said] == [
        (1, "", [], "text"), (2, "大米今天发货", [], "text"), (3, "", [], "text"),
    ]  # fmt: skip
    assert said[-1]["id"] == last["id"]
    seen = await talking.get(client, chen_the_merchant, place)
    assert (seen["status"], seen["last_message"], seen["last_seq"]) == ("resolved", "", 3)
    assert (seen["customer"]["display_name"], seen["customer"]["username"]) == ("Deleted user", "deleted b1")
    assert await found(client, chen_the_merchant, "长安街") == []
    assert [hit["message"]["content"] for hit in await found(client, chen_the_merchant, "大米")] == [
        "我也要大米",
        "大米今天发货",
    ]
    assert await indexed(db, "长安街") == (0 if db.dialect == "sqlite" else 2)
    assert media() == set()
    for model, mine in (
        (Credential, col(Credential.user_id)), (Device, col(Device.user_id)), (StoredFile, col(StoredFile.owner_id)),
        (ContactCustomer, col(ContactCustomer.customer_id)),
    ):  # fmt: skip
        assert await count(db, model, mine == "b1") == 0
    assert await count(db, Note) == 0
    assert await count(db, AuthSession, col(AuthSession.user_id) == "b1", col(AuthSession.revoked_at).is_(None)) == 0
    async with db.reading() as session:
        user = await session.get_one(User, "b1")
        done = await session.get_one(PersonDeletion, "b1")
        deeds = (await session.exec(select(Activity))).all()
    assert (user.email, user.phone, user.is_blocked) == (None, None, True)
    assert done.finished_at is not None
    assert [(deed.actor_id, deed.value) for deed in deeds] == [("p1", "resolved")]
    assert len(await talking.thread(client, maria_the_buyer, other)) == 1
    again = await client.post("/api/v1/auth/login", json={"username": "lin", "password": PASSWORD})
    assert again.status_code == 401
    await _index_is_whole(app, run, place)


async def _add(session: Any, row: Any) -> None:
    session.add(row)


async def _index_is_whole(app: FastAPI, run: Run, place: str) -> None:
    """What was blanked can go with its conversation later: SQLite counts what is taken out."""
    db: Database = app.state.db
    old = text("UPDATE conversations SET last_message_time = 1, updated_at = 1 WHERE status = 'resolved'")
    await db.write(lambda session: session.exec(old))
    await db.write(lambda session: _add(session, ShopSettings(merchant_id="m1", retention_days=30)))
    assert await run("chat.apply_retention") == {"conversations": 1}
    if db.dialect == "sqlite":
        check = text("INSERT INTO message_search(message_search) VALUES ('integrity-check')")
        await db.write(lambda session: session.exec(check))


async def test_the_name_is_free_again(
    client: AsyncClient, enter: Enter, seven_days_later: Go, lin_the_buyer: Person
) -> None:
    await ask(client, lin_the_buyer)
    await seven_days_later("b1")
    assert (await enter("b9", "lin", Role.BUYER, email="lin@example.com", phone="138 0013 8000")).id == "b9"


async def test_a_mind_may_be_changed(
    client: AsyncClient, app: FastAPI, db: Database, settings: Settings, lin_the_buyer: Person
) -> None:
    asked = (await ask(client, lin_the_buyer)).json()
    assert 0 <= asked["due_at"] - asked["requested_at"] - 7 * DAY <= 1
    back = await come_back(db, settings, "b1")
    assert (await client.get(ME, headers=back.headers)).json() == asked
    assert (await client.delete(ME, headers=back.headers)).status_code == 204
    assert (await client.get(ME, headers=back.headers)).json()["code"] == "deletion_not_found"
    assert (await client.delete(ME, headers=back.headers)).status_code == 404
    async with db.reading() as session:
        assert [job.status for job in (await session.exec(select(Job))).all()] == [JobStatus.CANCELLED]
    assert (await ask(client, back)).status_code == 202


async def test_asked_twice_it_is_one_deletion(
    client: AsyncClient, db: Database, settings: Settings, lin_the_buyer: Person
) -> None:
    others = [await come_back(db, settings, "b1") for _ in range(3)]
    answers = await asyncio.gather(*(ask(client, who) for who in (lin_the_buyer, *others)))
    assert {answer.status_code for answer in answers} <= {202, 401}  # the first signed the others out
    assert len({answer.text for answer in answers if answer.status_code == 202}) == 1
    assert await count(db, Job) == 1


async def test_a_deletion_that_has_begun_is_not_taken_back(
    client: AsyncClient, app: FastAPI, db: Database, settings: Settings, lin_the_buyer: Person
) -> None:
    await ask(client, lin_the_buyer)
    back = await come_back(db, settings, "b1")
    began = text("UPDATE jobs SET status = 'processing'")
    await app.state.db.write(lambda session: session.exec(began))
    assert talking.refusal(await client.delete(ME, headers=back.headers)) == (409, "deletion_has_begun")


@pytest.mark.parametrize("body", [{"password": "wrong"}, {"password": None}, {"password": ""}])
async def test_whoever_has_a_password_says_it(client: AsyncClient, lin_the_buyer: Person, body: Any) -> None:
    assert talking.refusal(await ask(client, lin_the_buyer, **body)) == (403, "wrong_password")
    assert (await client.get("/api/v1/users/me", headers=lin_the_buyer.headers)).status_code == 200


async def test_without_a_word_of_confirmation_nothing_happens(client: AsyncClient, lin_the_buyer: Person) -> None:
    for body in ({}, {"confirm": False}, {"confirm": None}):
        assert (
            await client.post(ME, json={"password": PASSWORD} | body, headers=lin_the_buyer.headers)
        ).status_code == 422


async def test_a_device_has_no_password_and_goes(client: AsyncClient, db: Database, seven_days_later: Go) -> None:
    body = {"device_id": "a-device-of-somebody"}
    made = (await client.post("/api/v1/auth/login", json=body)).json()
    headers = {"Authorization": f"Bearer {made['access_token']}"}
    assert (await client.post(ME, json={"confirm": True}, headers=headers)).status_code == 202
    await seven_days_later(made["user"]["id"])
    again = (await client.post("/api/v1/auth/login", json=body)).json()
    assert again["user"]["id"] != made["user"]["id"]  # the device is a stranger again


async def test_an_agents_words_stay_with_the_shop(
    client: AsyncClient, db: Database, media: Media, seven_days_later: Go, lin_the_buyer: Person,
    chen_the_merchant: Person, an_the_agent: Person,
) -> None:  # fmt: skip
    place = await talking.start(client, lin_the_buyer)
    await talking.sent(client, lin_the_buyer, place, "你好")
    sent, unsent = [await upload(client, an_the_agent, b"rice", name) for name in ("sent.txt", "unsent.txt")]
    await talking.sent(client, an_the_agent, place, "我是小安", attachment_ids=[sent["id"]], message_type="file")
    await talking.change(client, an_the_agent, place, assignee_id="m2")
    await talking.post(client, an_the_agent, f"{talking.CONVERSATIONS}{place}/notes/", {"content": "明天回电"})
    for title, shared in (("own", False), ("team", True)):
        body = {"title": title, "content": "x", "is_shared": shared}
        await talking.post(client, an_the_agent, "/api/v1/quick-replies/", body)
    assert (await ask(client, an_the_agent)).status_code == 202
    job = await seven_days_later("m2")
    assert job.result == {"deleted": True, "conversations": 0, "files": 1}
    said = await talking.thread(client, lin_the_buyer, place)
    assert [one["content"] for one in said] == ["你好", "我是小安"]
    assert (await client.get(sent["url"])).status_code == 200
    assert (await client.get(unsent["url"])).status_code == 404
    assert (await talking.get(client, chen_the_merchant, place))["assignee_id"] is None
    assert await count(db, Note) == 1
    assert await count(db, Staff, col(Staff.user_id) == "m2") == 0
    assert await count(db, QuickReply) == await count(db, QuickReply, col(QuickReply.user_id) == "m1") == 1
    team = (await client.get("/api/v1/staff/", headers=chen_the_merchant.headers)).json()["results"]
    assert [person["id"] for person in team] == ["m1"]


async def test_an_owner_hears_what_to_do_first(
    client: AsyncClient, app: FastAPI, db: Database, seven_days_later: Go, settings: Settings, lin_the_buyer: Person,
    chen_the_merchant: Person, an_the_agent: Person,
) -> None:  # fmt: skip
    assert talking.refusal(await ask(client, chen_the_merchant)) == (409, "shop_has_staff_left")
    assert (await client.delete("/api/v1/staff/m2", headers=chen_the_merchant.headers)).status_code == 204
    hook = WebhookEndpoint(merchant_id="m1", url="https://example.com/", event_types=[], sealed_secret="x")
    await app.state.db.write(lambda session: _add(session, hook))
    place = await talking.start(client, lin_the_buyer)
    await talking.sent(client, lin_the_buyer, place, "你好")
    answer = await ask(client, chen_the_merchant)
    assert talking.refusal(answer) == (409, "shop_has_open_conversations")
    assert "1" in answer.json()["detail"]
    await talking.change(client, chen_the_merchant, place, status="resolved")
    assert (await ask(client, chen_the_merchant)).status_code == 202
    await talking.sent(client, lin_the_buyer, place, "还在吗？")
    refused = await seven_days_later("m1")
    assert (refused.status, refused.error["code"]) == (JobStatus.FAILED, "shop_has_open_conversations")
    back = await come_back(db, settings, "m1")
    assert (await client.get(ME, headers=back.headers)).status_code == 404
    await talking.change(client, back, place, status="resolved")
    assert (await ask(client, back)).status_code == 202
    assert (await seven_days_later("m1")).status is JobStatus.COMPLETED
    assert await count(db, WebhookEndpoint) == 0
    assert (await client.get("/api/v1/shops/m1")).status_code == 404
    assert [one["content"] for one in await talking.thread(client, lin_the_buyer, place)] == ["你好", "还在吗？"]


async def test_admins_delete_others_and_nobody_else_does(
    client: AsyncClient, db: Database, enter: Enter, an_admin: Person, lin_the_buyer: Person, maria_the_buyer: Person,
    chen_the_merchant: Person,
) -> None:  # fmt: skip
    theirs = "/api/v1/users/b1/deletion"
    for who in (maria_the_buyer, chen_the_merchant, lin_the_buyer):
        for call in (client.post, client.get, client.delete):
            assert (await call(theirs, headers=who.headers)).status_code == 403
    assert (await client.post(theirs)).status_code == 401
    assert (await client.post(theirs, headers=an_admin.headers)).json()["requested_by"] == "a1"
    assert (await client.get("/api/v1/users/me", headers=lin_the_buyer.headers)).status_code == 401
    assert (await client.get(theirs, headers=an_admin.headers)).json()["user_id"] == "b1"
    assert (await client.delete(theirs, headers=an_admin.headers)).status_code == 204
    assert (await client.get(theirs, headers=an_admin.headers)).status_code == 404
    assert (await client.post("/api/v1/users/b404/deletion", headers=an_admin.headers)).status_code == 404
    own = await client.post("/api/v1/users/a1/deletion", headers=an_admin.headers)
    assert talking.refusal(own) == (409, "not_yourself")
    assert talking.refusal(await ask(client, an_admin)) == (409, "last_admin")
    await enter("a2", "second", Role.ADMIN)
    assert (await ask(client, an_admin)).status_code == 202


async def test_a_person_is_deleted_once_and_a_repetition_changes_nothing(
    client: AsyncClient, db: Database, an_admin: Person, seven_days_later: Go, run: Run, lin_the_buyer: Person
) -> None:
    await ask(client, lin_the_buyer)
    await seven_days_later("b1")
    assert await run("accounts.delete_person", PersonOrder(user_id="b1")) == {"deleted": False}
    assert await run("accounts.delete_person", PersonOrder(user_id="a1")) == {"deleted": False}
    assert (await client.post("/api/v1/users/b1/deletion", headers=an_admin.headers)).status_code == 404
    assert (await client.get("/api/v1/users/me", headers=an_admin.headers)).status_code == 200


async def test_many_messages_are_blanked_in_slices(
    client: AsyncClient,
    app: FastAPI,
    db: Database,
    seven_days_later: Go,
    lin_the_buyer: Person,
    chen_the_merchant: Person,
) -> None:
    place = int(await talking.start(client, lin_the_buyer))

    async def fill(session: Any) -> None:
        session.add_all(
            Message(conversation_id=place, seq=seq, client_id=f"c{seq}", sender_id="b1" if seq % 2 else "m1",
                    sender_role=Role.BUYER if seq % 2 else Role.MERCHANT, content=f"大米 {seq}")
            for seq in range(1, 1001)
        )  # fmt: skip
        (await session.get_one(Conversation, place)).last_seq = 1000

    await app.state.db.write(fill)
    await index(app)
    await ask(client, lin_the_buyer)
    assert (await seven_days_later("b1")).status is JobStatus.COMPLETED
    assert await count(db, Message, Message.content == "", Message.sender_id == "b1") == 500
    assert await count(db, Message, Message.content != "", Message.sender_id == "m1") == 500
