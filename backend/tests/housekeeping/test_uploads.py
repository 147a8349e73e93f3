"""What uploads leave behind goes; what a message or a profile shows stays, also when it is taken at that moment."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlmodel import select

from app.files import sweeps, uploads
from app.files.models import StoredFile
from app.files.storage.local import LocalStorage
from app.files.uses import FileUse
from app.kernel.clock import now
from app.kernel.config import Settings
from app.kernel.db import Database
from app.kernel.errors import NotFound
from tests.chat import talking
from tests.housekeeping.conftest import Age, Run
from tests.people import Person

DAY = 86_400
Picture = Callable[..., bytes]
Media = Callable[[], set[str]]


async def upload(client: AsyncClient, who: Person, content: bytes, name: str = "x.png") -> Any:
    answer = await client.post("/api/v1/upload/", files={"file": (name, content)}, headers=who.headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def files(db: Database) -> list[StoredFile]:
    async with db.reading() as session:
        return list((await session.exec(select(StoredFile))).all())


async def test_only_what_nobody_took_in_a_day_goes_with_its_bytes(
    client: AsyncClient, db: Database, run: Run, age: Age, media: Media, picture: Picture,
    lin_the_buyer: Person, chen_the_merchant: Person,
) -> None:  # fmt: skip
    sent = await upload(client, lin_the_buyer, picture(size=(1200, 900)))
    face = await upload(client, lin_the_buyer, picture(size=(32, 32)))
    await upload(client, lin_the_buyer, picture(colour="blue", size=(1200, 900)))
    place = await talking.start(client, lin_the_buyer)
    await talking.sent(client, lin_the_buyer, place, "", attachment_ids=[sent["id"]], message_type="image")
    profile = await client.put("/api/v1/users/me", json={"avatar": face["url"]}, headers=lin_the_buyer.headers)
    assert profile.status_code == 200
    await age(StoredFile, "created_at", DAY + 10)
    fresh = await upload(client, lin_the_buyer, b"rice", "new.txt")
    assert len(media()) == 6  # two of the pictures have thumbnails
    assert await run("files.sweep_uploads") == {"removed": 1}
    assert {str(row.id) for row in await files(db)} == {sent["id"], face["id"], fresh["id"]}
    assert len(media()) == 4
    assert (await client.get(sent["url"])).status_code == 200
    assert await run("files.sweep_uploads") == {"removed": 0}


async def test_a_file_that_is_taken_while_the_sweep_looks_stays(
    client: AsyncClient, app: FastAPI, db: Database, age: Age, media: Media, lin_the_buyer: Person
) -> None:
    made = await upload(client, lin_the_buyer, b"rice", "a.txt")
    await age(StoredFile, "created_at", DAY + 10)
    async with db.reading() as session:
        found = await sweeps.leftovers(session, now() - DAY, 10)
    assert [str(row.id) for row in found] == [made["id"]]
    await db.write(lambda session: uploads.take(session, "b1", [int(made["id"])], 7))
    assert await db.write(lambda session: sweeps.drop(session, found)) == []
    assert len(await files(db)) == len(media()) == 1


async def test_whoever_is_first_the_other_knows(
    client: AsyncClient, settings: Settings, db: Database, lin_the_buyer: Person
) -> None:
    """Twenty times a message and the sweep want the same file at once: either both keep it, or the message is told."""
    other = Database(settings)
    for turn in range(20):
        made = int((await upload(client, lin_the_buyer, b"rice", f"{turn}.txt"))["id"])
        async with db.reading() as session:
            row = await session.get_one(StoredFile, made)

        async def take(made: int = made, turn: int = turn) -> bool:
            try:
                await db.write(lambda session: uploads.take(session, "b1", [made], turn + 1))
            except NotFound:
                return False
            return True

        async def drop(row: StoredFile = row) -> bool:
            return bool(await other.write(lambda session: sweeps.drop(session, [row])))

        is_taken, is_dropped = await asyncio.gather(take(), drop())
        assert is_taken != is_dropped
        async with db.reading() as session:
            assert (await session.get(StoredFile, made) is not None) == is_taken
    await other.dispose()


async def test_a_face_that_was_swept_is_refused(client: AsyncClient, lin_the_buyer: Person, settings: Settings) -> None:
    body = {"avatar": f"{settings.base_url}/media/uploads/2026/11/22/gone.webp"}
    answer = await client.put("/api/v1/users/me", json=body, headers=lin_the_buyer.headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "foreign_link")


async def test_a_thumbnail_may_be_a_face_too(
    client: AsyncClient, run: Run, age: Age, db: Database, lin_the_buyer: Person, picture: Picture
) -> None:
    made = await upload(client, lin_the_buyer, picture(size=(1200, 900)))
    body = {"avatar": made["thumbnail_url"]}
    assert (await client.put("/api/v1/users/me", json=body, headers=lin_the_buyer.headers)).status_code == 200
    await age(StoredFile, "created_at", DAY + 10)
    assert await run("files.sweep_uploads") == {"removed": 0}
    assert len(await files(db)) == 1


def written(path: Path, seconds_ago: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    os.utime(path, (now() - seconds_ago, now() - seconds_ago))


async def test_bytes_that_no_row_names_go_after_a_day(
    client: AsyncClient, settings: Settings, run: Run, media: Media, lin_the_buyer: Person, picture: Picture
) -> None:
    await upload(client, lin_the_buyer, picture(size=(1200, 900)))
    named = media()
    for path in named:
        written(settings.media_dir / path, 2 * DAY)
    folder = settings.media_dir / "uploads/2026/11/01"
    for name in ("left.webp", "left-small.webp", ".left.webp.1234abcd"):
        written(folder / name, 2 * DAY)
    for number in range(450):
        written(folder / f"{number}.pdf", 2 * DAY)
    written(folder / "young.webp", 3600)
    written(settings.media_dir / "avatars/own.webp", 2 * DAY)
    assert await run("files.sweep_bytes") == {"removed": 453, "seen": 455}
    assert media() == named | {"uploads/2026/11/01/young.webp"}
    assert (settings.media_dir / "avatars/own.webp").exists()


async def test_a_database_without_files_is_taken_for_the_wrong_one(settings: Settings, run: Run, media: Media) -> None:
    written(settings.media_dir / "uploads/2026/11/01/a.webp", 2 * DAY)
    assert await run("files.sweep_bytes") == {"removed": 0, "seen": 0}
    assert len(media()) == 1


async def test_a_walk_holds_one_slice_at_a_time(settings: Settings) -> None:
    for number in range(25):
        written(settings.media_dir / f"uploads/{number % 3}/{number}.pdf", 2 * DAY)
    storage = LocalStorage(settings.media_dir)
    sizes = [len(some) async for some in storage.older_than("uploads", now(), 10)]
    assert sizes == [10, 10, 5]
    assert [some async for some in storage.older_than("nowhere", now(), 10)] == []


async def test_a_use_is_noted_for_each_place(
    client: AsyncClient, db: Database, lin_the_buyer: Person, chen_the_merchant: Person, honey_the_merchant: Person
) -> None:
    made = await upload(client, lin_the_buyer, b"rice", "a.txt")
    places = [await talking.start(client, lin_the_buyer, shop) for shop in ("m1", "m7")]
    for place in places:
        await talking.sent(client, lin_the_buyer, place, "", attachment_ids=[made["id"]], message_type="file")
    async with db.reading() as session:
        uses = (await session.exec(select(FileUse))).all()
    assert {(str(use.file_id), str(use.used_by)) for use in uses} == {(made["id"], place) for place in places}
