"""A copy of a person's data: all of theirs, nothing of others, for them and for admins only."""

import io
import json
import zipfile
from itertools import product
from typing import Any

from fastapi import FastAPI
from httpx2 import AsyncClient

from app.accounts import users
from app.chat.models import Conversation, Message, Status
from app.files.models import StoredFile
from app.jobs.models import JobStatus
from app.kernel.identity import Role
from tests.chat import talking
from tests.housekeeping.test_uploads import Picture, upload
from tests.people import Enter, Person
from tests.working import run_enqueued


async def archive_of(client: AsyncClient, app: FastAPI, who: Person, path: str = "me") -> zipfile.ZipFile:
    asked = await client.post(f"/api/v1/users/{path}/export", headers=who.headers)
    assert asked.status_code == 202, asked.text
    job = await run_enqueued(app, int(asked.json()["id"]))
    assert job.status is JobStatus.COMPLETED, (job.error, job.trace)
    link = await client.get(f"/api/v1/tasks/{job.id}/file", headers=who.headers)
    assert link.status_code == 200, link.text
    content = await client.get(link.json()["url"], headers=who.headers)
    assert content.status_code == 200, content.text
    found = zipfile.ZipFile(io.BytesIO(content.content))
    assert found.testzip() is None
    return found


def read(archive: zipfile.ZipFile, name: str) -> Any:
    return json.loads(archive.read(name))


async def scene(client: AsyncClient, picture: Picture, buyer: Person, owner: Person, agent: Person) -> tuple[str, Any]:
    place = await talking.start(client, buyer)
    photo = await upload(client, buyer, picture(size=(1200, 900)), "饭.png")
    await upload(client, buyer, b"never sent", "b.txt")
    await talking.sent(client, buyer, place, "我的秘密")
    await talking.sent(client, buyer, place, "", attachment_ids=[photo["id"]], message_type="image")
    await talking.sent(client, agent, place, "小安回答")
    await talking.sent(client, owner, place, "店主回答")
    await talking.post(client, agent, f"{talking.CONVERSATIONS}{place}/notes/", {"content": "小安的备注"})
    await talking.post(client, owner, f"{talking.CONVERSATIONS}{place}/notes/", {"content": "店主的备注"})
    await talking.change(client, owner, place, labels=["难缠"])
    return place, photo


async def test_a_buyer_gets_what_a_buyer_sees(
    client: AsyncClient, app: FastAPI, picture: Picture, lin_the_buyer: Person, maria_the_buyer: Person,
    chen_the_merchant: Person, an_the_agent: Person,
) -> None:  # fmt: skip
    place, photo = await scene(client, picture, lin_the_buyer, chen_the_merchant, an_the_agent)
    other = await talking.start(client, maria_the_buyer)
    await talking.sent(client, maria_the_buyer, other, "别人的话")
    archive = await archive_of(client, app, lin_the_buyer)
    person = read(archive, "person.json")
    assert (person["profile"]["id"], person["profile"]["email"]) == ("b1", "lin@example.com")
    assert len(person["sessions"]) == 1
    talks = read(archive, "conversations.json")["conversations"]
    assert [talk["id"] for talk in talks] == [place]
    assert [one["content"] for one in talks[0]["messages"]] == ["我的秘密", "", "小安回答", "店主回答"]
    files = read(archive, "files.json")
    assert [file["name"] for file in files] == ["饭.png", "b.txt"]
    assert archive.read(files[1]["file"]) == b"never sent"
    assert len(archive.read(files[0]["file"])) == photo["size"]
    whole = b"".join(archive.read(name) for name in archive.namelist()).decode(errors="replace")
    for secret in ("难缠", "备注", "别人的话", "argon2", "password_hash"):
        assert secret not in whole
    assert "我的秘密" in archive.read(f"conversations/{place}.html").decode()
    assert "lin@example.com" in archive.read("person.html").decode()


async def test_an_agent_gets_the_own_words_and_nobody_elses(
    client: AsyncClient, app: FastAPI, picture: Picture, lin_the_buyer: Person, chen_the_merchant: Person,
    an_the_agent: Person,
) -> None:  # fmt: skip
    place, _ = await scene(client, picture, lin_the_buyer, chen_the_merchant, an_the_agent)
    await talking.post(client, an_the_agent, "/api/v1/quick-replies/", {"content": "稍等", "title": "t"})
    archive = await archive_of(client, app, an_the_agent)
    talks = read(archive, "conversations.json")["conversations"]
    assert [one["content"] for one in talks[0]["messages"]] == ["小安回答", "小安的备注"]
    assert (talks[0]["id"], talks[0]["customer"]["name"]) == (place, "b1")
    assert [reply["content"] for reply in read(archive, "person.json")["quick_replies"]] == ["稍等"]
    whole = b"".join(archive.read(name) for name in archive.namelist()).decode(errors="replace")
    for secret in ("我的秘密", "店主回答", "店主的备注", "难缠", "lin@example.com"):
        assert secret not in whole


async def test_an_admin_gets_it_for_others_and_own_data_is_not_everybodys(
    client: AsyncClient, app: FastAPI, picture: Picture, lin_the_buyer: Person, chen_the_merchant: Person,
    an_the_agent: Person, an_admin: Person,
) -> None:  # fmt: skip
    await scene(client, picture, lin_the_buyer, chen_the_merchant, an_the_agent)
    assert read(await archive_of(client, app, an_admin, "b1"), "person.json")["profile"]["id"] == "b1"
    assert read(await archive_of(client, app, an_admin), "conversations.json")["conversations"] == []


async def test_nobody_gets_anothers(
    client: AsyncClient, app: FastAPI, lin_the_buyer: Person, maria_the_buyer: Person, chen_the_merchant: Person,
    an_admin: Person,
) -> None:  # fmt: skip
    for who in (maria_the_buyer, chen_the_merchant):
        assert (await client.post("/api/v1/users/b1/export", headers=who.headers)).status_code == 403
    assert (await client.post("/api/v1/users/me/export")).status_code == 401
    assert (await client.post("/api/v1/users/b404/export", headers=an_admin.headers)).status_code == 404
    for kind in ("accounts.export_person", "accounts.delete_person"):
        body = {"kind": kind, "payload": {"user_id": "b1"}}
        for who in (maria_the_buyer, chen_the_merchant, an_admin):
            answer = await client.post("/api/v1/tasks/", json=body, headers=who.headers)
            assert talking.refusal(answer) == (422, "unknown_kind")


async def test_who_is_no_admin_any_more_gets_nothing(
    client: AsyncClient, app: FastAPI, enter: Enter, lin_the_buyer: Person, an_admin: Person
) -> None:
    await enter("a2", "second", Role.ADMIN)  # the last one cannot be blocked
    asked = await client.post("/api/v1/users/b1/export", headers=an_admin.headers)
    await app.state.db.write(lambda session: users.block(session, "a1"))
    job = await run_enqueued(app, int(asked.json()["id"]))
    assert (job.status, job.error["code"]) == (JobStatus.FAILED, "not_allowed")


async def test_many_conversations_and_files_come_in_slices(
    client: AsyncClient, app: FastAPI, settings: Any, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    folder = settings.media_dir / "uploads/x"
    folder.mkdir(parents=True)

    async def fill(session: Any) -> None:
        session.add_all(
            Conversation(id=n, customer_id="b1", merchant_id="m1", status=Status.RESOLVED, last_seq=2)
            for n in range(1, 621)
        )
        await session.flush()
        session.add_all(
            Message(
                conversation_id=n,
                seq=seq,
                client_id=f"c{seq}",
                sender_id="b1",
                sender_role=Role.BUYER,
                content=str(n),
            )
            for n, seq in product(range(1, 621), (1, 2))
        )
        for n in range(1, 421):
            (folder / f"{n}.txt").write_bytes(b"%d" % n)
            session.add(StoredFile(id=n, owner_id="b1", name=f"{n}.txt", path=f"uploads/x/{n}.txt", size=1, sha256="",
                                   content_type="text/plain"))  # fmt: skip

    await app.state.db.write(fill)
    archive = await archive_of(client, app, lin_the_buyer)
    talks = read(archive, "conversations.json")
    assert talks["counts"] == {"conversations": 620, "messages": 1240, "notes": 0}
    files = read(archive, "files.json")
    assert len(files) == 420
    assert all(archive.read(file["file"]) == file["id"].encode() for file in files)
