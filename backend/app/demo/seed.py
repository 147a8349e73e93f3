"""Fills an empty database with the demo shop: people, about a hundred conversations, quick replies, a few photos.

Refuses a database in which anybody lives, so that it can be called at every start.
"""

import asyncio
import hashlib
import json
import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlalchemy import insert
from sqlmodel import SQLModel, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import passwords
from app.accounts.identity_keys import IdentityKey
from app.accounts.models import Credential, Staff, User
from app.accounts.widgets import WidgetSettings
from app.audit.models import AuditEntry
from app.chat.contacts_models import Contact, ContactCustomer
from app.chat.models import Activity, Conversation, ConversationLabel, Message, QuickReply
from app.chat.notes_models import Note
from app.chat.ratings import Rating
from app.chat.reactions import ReactionMark
from app.chat.visits import Visit
from app.demo import (
    inbox,
    people,
    people_of_shop,
    pictures,
    platform,
    rules,
    scripts,
    team,
    threads,
    transcripts,
    widget,
)
from app.demo.people import DAY_SECONDS, Person
from app.demo.transcripts import Transcript
from app.files import images, uploads
from app.files.models import StoredFile
from app.files.storage import Storage
from app.files.uses import FileUse
from app.kernel.clock import now
from app.kernel.config import Settings
from app.kernel.db import Database
from app.kernel.sql import table_of

QUICK_REPLIES = Path(__file__).parent / "quick_replies.json"
QUICK_REPLIES_AGE_DAYS = 60


@dataclass(frozen=True)
class SeedSummary:
    """What was made. Nothing, with `is_seeded` false, when the database was not empty."""

    is_seeded: bool
    users: int = 0
    conversations: int = 0
    messages: int = 0
    usernames: tuple[str, ...] = ()
    """Who can sign in, all with `people.PASSWORD`."""


async def seed(db: Database, settings: Settings, storage: Storage) -> SeedSummary:
    """Make the demo. Files and the hash come first: they are slow, and a write unit must not wait for them."""
    async with db.reading() as session:
        if await _is_inhabited(session):
            return SeedSummary(is_seeded=False)
    at = now()
    cast = people.everybody()
    told = [transcripts.written(script, cast) for script in scripts.all_of(at)]
    mentions = threads.link(told)
    inbox.dress(told)
    password_hash, files = await asyncio.gather(passwords.hash_of(settings, people.PASSWORD), _pictures(storage, told))

    async def fill(session: AsyncSession) -> SeedSummary:
        if await _is_inhabited(session):
            return SeedSummary(is_seeded=False)
        await _insert(session, User, people.users(cast, at))
        await _insert(session, Credential, people.credentials(cast, password_hash, at))
        await _insert(session, Staff, team.at_work(people.staff(cast, at), at))
        session.add_all(team.rows(at))
        await _insert(session, StoredFile, files)
        await _insert(session, QuickReply, _quick_replies(cast, at))
        entries, links = people_of_shop.contacts(told, cast, at)
        await _insert(session, Conversation, [transcript.conversation for transcript in told])
        await _insert(session, Contact, entries)
        await _insert(session, ContactCustomer, links)
        await _insert(session, ConversationLabel, [row for transcript in told for row in transcript.labels])
        await _insert(session, Message, [row for transcript in told for row in transcript.messages])
        await _insert(session, FileUse, _uses(told))
        await _insert(session, Note, [row for transcript in told for row in transcript.notes])
        talks = [transcript.conversation for transcript in told]
        rated, thanks = widget.ratings(talks)
        await _insert(session, Activity, [row for transcript in told for row in transcript.activities] + thanks)
        await _insert(session, ReactionMark, team.marks(talks))
        await _insert(session, Rating, rated)
        await _insert(session, Visit, widget.visits(talks, {person.id: person.locale for person in cast.values()}))
        chosen, keys = widget.settings_rows(settings, at)
        await _insert(session, WidgetSettings, chosen)
        await _insert(session, IdentityKey, keys)
        session.add_all(rules.rows(told, at))
        await _insert(session, AuditEntry, platform.entries(cast, talks, at))
        session.add_all(mentions)
        session.add_all(inbox.views(at))
        return SeedSummary(
            is_seeded=True,
            users=len(cast),
            conversations=len(told),
            messages=sum(len(transcript.messages) for transcript in told),
            usernames=tuple(person.username for person in cast.values() if person.can_sign_in),
        )

    return await db.write(fill)


async def _is_inhabited(session: AsyncSession) -> bool:
    return (await session.exec(select(User.id).limit(1))).first() is not None


async def _insert(session: AsyncSession, model: type[SQLModel], rows: Sequence[SQLModel]) -> None:
    """One statement for all rows; the unit of work would take ten times as long over the objects."""
    names = [column.name for column in table_of(model).columns if column.computed is None]
    connection = await session.connection()
    await connection.execute(insert(table_of(model)), [{name: getattr(row, name) for name in names} for row in rows])


async def _pictures(storage: Storage, told: Iterable[Transcript]) -> list[StoredFile]:
    """Draw each picture once, store it for each message that shows it, and hang it into the message."""
    shown = [(message, picture) for transcript in told for message, picture in transcript.pictures]
    names = sorted({picture for _, picture in shown})
    drawn = dict(zip(names, await asyncio.gather(*(asyncio.to_thread(_drawn, name) for name in names)), strict=True))
    return list(await asyncio.gather(*(_stored(storage, message, name, drawn[name]) for message, name in shown)))


@cache
def _drawn(name: str) -> images.Redrawn:
    """The same bytes every time, in all a few hundred kilobytes; drawing them is most of the work."""
    return images.redraw(pictures.jpeg(name))


async def _stored(storage: Storage, message: Message, name: str, drawn: images.Redrawn) -> StoredFile:
    folder = time.strftime("uploads/%Y/%m/%d", time.gmtime(message.created_at))
    stem = f"{folder}/{secrets.token_urlsafe(18)}"
    row = StoredFile(
        owner_id=message.sender_id,
        name=transcripts.file_name(name),
        path=f"{stem}.webp",
        content_type="image/webp",
        size=len(drawn.content),
        width=drawn.width,
        height=drawn.height,
        thumbnail_path=f"{stem}-small.webp" if drawn.thumbnail else None,
        sha256=hashlib.sha256(drawn.content).hexdigest(),
        created_at=message.created_at,
        attached_at=message.created_at,
    )
    await storage.put(row.path, drawn.content)
    if row.thumbnail_path and drawn.thumbnail:
        await storage.put(row.thumbnail_path, drawn.thumbnail)
    message.attachments = [uploads.snapshot(row)]
    return row


def _uses(told: Iterable[Transcript]) -> list[FileUse]:
    shown = (message for transcript in told for message, _ in transcript.pictures)
    return [
        FileUse(file_id=int(one["id"]), used_by=message.conversation_id)
        for message in shown
        for one in message.attachments or ()
    ]


def _quick_replies(cast: dict[str, Person], at: int) -> list[QuickReply]:
    made_at = at - QUICK_REPLIES_AGE_DAYS * DAY_SECONDS
    rows = []
    for entry in json.loads(QUICK_REPLIES.read_text("utf-8")):
        owner = cast[entry["owner"]]
        rows.append(
            QuickReply(
                user_id=owner.id,
                merchant_id=str(owner.shop_id),
                title=entry["title"],
                content=entry["content"],
                is_shared=entry["shared"],
                folder=entry["folder"],
                uses=entry["uses"],
                created_at=made_at,
                updated_at=made_at,
            )
        )
    return rows
