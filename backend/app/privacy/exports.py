"""A copy of everything that is kept about one person: a zip to read offline, and the same for programs.

Buyers get their conversations as they see them. Staff get what they wrote themselves: the rest of a conversation is the
buyer's and the shop's. Rows are read and written a few hundred at a time.
"""

import asyncio
import dataclasses
import shutil
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import orjson
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import access
from app.accounts.models import AuthSession, Credential, Device, User
from app.accounts.shapes import UserPublic
from app.chat import quick_replies
from app.chat.exports.as_html import HtmlArchive
from app.chat.exports.as_json import JsonFile
from app.chat.exports.columns import About, clock
from app.chat.exports.orders import ExportOrder, Format
from app.chat.exports.reading import Chunk, Reader
from app.chat.models import QuickReply
from app.files.models import StoredFile
from app.jobs.runs import Run
from app.kernel.clock import now
from app.kernel.config import Settings
from app.kernel.html import environment
from app.kernel.identity import Identity, Role

FILES = 200  # of one slice
COPY_BYTES = 65_536
TALKED_PERCENT = 80  # of the progress; the rest is the files
SIDES = (Role.BUYER, Role.MERCHANT)


async def write(run: Run, user: User, locale: str, path: Path) -> dict[str, int]:
    """Write the archive of `user` to `path`, in whose folder there may be temporary files; says what is in it."""
    settings, at = run.settings, now()
    async with run.db.reading() as session:
        me = Identity(user.id, user.role, await access.merchant_of(session, user.id), 0)
        facts = await _facts(session, settings, me, user)
    about = About(settings, ExportOrder(format=Format.HTML, include_notes=me.role is Role.MERCHANT), locale, False, at)
    counts = await _talks(run, me, about, path)
    counts["files"] = await _files(run, user.id, path)
    await asyncio.to_thread(_finish, path, facts | {"exported_at": at}, about)
    return counts


async def _facts(session: AsyncSession, settings: Settings, me: Identity, user: User) -> dict[str, Any]:
    """What fits on one page: the profile, sign-ins, devices, prepared answers."""
    sessions = select(AuthSession).where(col(AuthSession.user_id) == user.id).order_by(col(AuthSession.id).desc())
    devices = select(Device.created_at).where(col(Device.user_id) == user.id).order_by(col(Device.created_at))
    replies = select(QuickReply).where(col(QuickReply.user_id) == user.id).order_by(col(QuickReply.id))
    return {
        "profile": UserPublic.of(settings, user, me.merchant_id).model_dump(mode="json"),
        "has_password": await session.get(Credential, user.id) is not None,
        "sessions": [
            row.model_dump(mode="json", exclude={"user_id", "id"}) for row in (await session.exec(sessions)).all()
        ],
        "devices_since": list((await session.exec(devices)).all()),
        "quick_replies": [
            quick_replies.public(session, row).model_dump(mode="json", exclude={"user_id"})
            for row in (await session.exec(replies)).all()
        ],
    }


async def _talks(run: Run, me: Identity, about: About, path: Path) -> dict[str, int]:
    """Conversations as pages and as JSON, read once."""
    counts, told = {"conversations": 0, "messages": 0}, 0
    archive = path.open("wb")
    document = (path.parent / "conversations.json").open("wb")
    with archive, document:
        page = await asyncio.to_thread(HtmlArchive, archive, about)
        data = JsonFile(document, about)
        if me.role in SIDES:
            reader = Reader(run.db, me, about.order, about.at)
            total, read = await reader.count(), 0
            async for chunk in reader.chunks():
                read += len(chunk.messages)
                told = await asyncio.to_thread(_write, (page, data), _theirs(chunk, me), counts, told)
                percent = TALKED_PERCENT * min(1, read / max(total, 1))
                await run.progress(percent, "{n} of {total} messages", n=read, total=max(total, read))
        await asyncio.to_thread(page.finish)
        data.finish()
    return counts


def _theirs(chunk: Chunk, me: Identity) -> Chunk:
    """Without what is not this person's to have: a buyer's labels are the shop's, an agent's buyers are others."""
    if me.role is Role.BUYER:
        talks = {
            number: talk._replace(labels=[], assignee_id=None, assignee="") for number, talk in chunk.talks.items()
        }
        return dataclasses.replace(chunk, talks=talks, notes=[])
    talks = {
        number: talk._replace(customer=talk.customer_id, labels=[], assignee_id=None, assignee="")
        for number, talk in chunk.talks.items()
    }
    messages = [row for row in chunk.messages if row[3] == me.user_id]
    notes = [row for row in chunk.notes if row[3] == me.user_id]
    return dataclasses.replace(chunk, talks=talks, messages=messages, notes=notes)


def _write(writers: tuple[HtmlArchive, JsonFile], chunk: Chunk, counts: dict[str, int], last: int) -> int:
    """Count what is new after conversation `last`; says which one is the last now."""
    lines = list(chunk.lines())
    for writer in writers:
        writer.write(lines)
    counts["messages"] += len(chunk.messages)
    counts["conversations"] += len({line.talk.id for line in lines} - {last})
    return lines[-1].talk.id if lines else last


async def _files(run: Run, user_id: str, path: Path) -> int:
    """Every file that the person uploaded, sent or not, with a list of them."""
    after, count = 0, 0
    listing = (path.parent / "files.json").open("wb")
    with listing:
        listing.write(b"[")
        while True:
            mine = select(StoredFile).where(StoredFile.owner_id == user_id, col(StoredFile.id) > after)
            async with run.db.reading() as session:
                rows = (await session.exec(mine.order_by(col(StoredFile.id)).limit(FILES))).all()
            if not rows:
                break
            after = rows[-1].id
            await asyncio.to_thread(_add_files, run, path, listing, list(rows), count == 0)
            count += len(rows)
            await run.progress(TALKED_PERCENT, "{n} files", n=count)
        listing.write(b"\n]\n")
    return count


def _add_files(run: Run, path: Path, listing: BinaryIO, rows: list[StoredFile], is_first: bool) -> None:
    with ZipFile(path, "a", ZIP_DEFLATED) as into:
        for row in rows:
            run.check()
            name = f"files/{row.id}{PurePosixPath(row.path).suffix}"
            place = run.settings.media_dir / row.path
            is_there = place.is_file()
            if is_there:
                _copy(into, place, name)
            known = {"id": str(row.id), "name": row.name, "content_type": row.content_type, "size": row.size,
                     "created_at": row.created_at, "file": name if is_there else None}  # fmt: skip
            listing.write((b"\n" if is_first else b",\n") + orjson.dumps(known))
            is_first = False


def _copy(into: ZipFile, place: Path, name: str) -> None:
    entry = ZipInfo.from_file(place, name)
    entry.compress_type = ZIP_STORED  # pictures are compressed already
    with place.open("rb") as source, into.open(entry, "w") as target:
        shutil.copyfileobj(source, target, COPY_BYTES)


def _finish(path: Path, facts: dict[str, Any], about: About) -> None:
    shown = (
        environment()
        .get_template("archive/person.html")
        .render(
            locale=about.locale,
            person=facts["profile"],
            facts=facts,
            time=lambda at: clock(at, about.zone),
            made_at=clock(about.at, about.zone),
            zone=about.settings.time_zone,
        )
    )
    with ZipFile(path, "a", ZIP_DEFLATED) as into:
        into.writestr("person.html", shown)
        into.writestr("person.json", orjson.dumps(facts, option=orjson.OPT_INDENT_2))
        for name in ("conversations.json", "files.json"):
            into.write(path.parent / name, name)
            (path.parent / name).unlink()
