"""The demo agrees with itself: every count and mark is what the messages say, and what is there is never touched."""

import time
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise, takewhile
from typing import TypeVar

import pytest
from sqlmodel import SQLModel, col, func, select

from app.accounts import passwords
from app.accounts.models import Credential, Staff, StaffRole, User
from app.accounts.names import username
from app.chat.drafts import checked_content
from app.chat.models import (
    MAX_PREVIEW,
    Activity,
    Conversation,
    ConversationLabel,
    Message,
    MessageType,
    QuickReply,
    Status,
)
from app.chat.notes_models import Note
from app.demo.load import buyer_of, load
from app.demo.people import PASSWORD, everybody
from app.demo.scripts import all_of
from app.demo.seed import SeedSummary, seed
from app.files.models import StoredFile
from app.files.storage.local import LocalStorage
from app.kernel.clock import now
from app.kernel.config import Settings
from app.kernel.db import Database
from app.kernel.identity import Role

T = TypeVar("T", bound=SQLModel)
FOUR_MINUTES, HOUR, DAY, MONTH = 240, 3600, 86_400, 32 * 86_400


@pytest.fixture
async def summary(db: Database, settings: Settings) -> SeedSummary:
    """The demo is in the database."""
    return await seed(db, settings, LocalStorage(settings.media_dir))


async def rows_of(db: Database, table: type[T]) -> Sequence[T]:
    async with db.reading() as session:
        return (await session.exec(select(table))).all()


async def threads(db: Database) -> list[tuple[Conversation, list[Message]]]:
    """Every conversation with its messages in order."""
    async with db.reading() as session:
        messages = (await session.exec(select(Message).order_by(col(Message.seq)))).all()
        conversations = (await session.exec(select(Conversation))).all()
    by_id: dict[int, list[Message]] = {row.id: [] for row in conversations}
    for message in messages:
        by_id[message.conversation_id].append(message)
    return [(row, by_id[row.id]) for row in conversations]


async def test_there_is_enough_to_look_at(db: Database, summary: SeedSummary) -> None:
    assert summary.is_seeded
    assert summary.conversations >= 100
    assert summary.usernames == ("chen", "an", "li", "honey", "admin", "lin", "maria")
    found = await threads(db)
    assert len(found) == summary.conversations
    assert sum(len(messages) for _, messages in found) == summary.messages
    shops = Counter(conversation.merchant_id for conversation, _ in found)
    assert shops["m1"] >= 100
    assert shops["m4"] == 8
    buyers = {conversation.customer_id for conversation, _ in found}
    assert len(buyers) >= 70
    assert len(await rows_of(db, QuickReply)) >= 20
    assert len(await rows_of(db, Note)) >= 20
    assert len(await rows_of(db, ConversationLabel)) >= 40
    assert {conversation.status for conversation, _ in found} == set(Status)


async def test_the_inbox_looks_alive(db: Database, summary: SeedSummary) -> None:
    at = now()
    found = [conversation for conversation, _ in await threads(db)]
    ages = sorted(at - conversation.last_message_time for conversation in found)
    assert ages[1] <= FOUR_MINUTES
    assert sum(age < HOUR for age in ages) >= 10
    assert ages[-1] > 20 * DAY
    waiting = [conversation for conversation in found if conversation.waiting_since is not None]
    assert len(waiting) >= 10
    open_ones = [conversation for conversation in found if conversation.status is Status.OPEN]
    assert {None, "m1", "m2", "m3"} <= {conversation.assignee_id for conversation in open_ones}
    assert sum(conversation.merchant_unread for conversation in open_ones) >= 15
    assert sum(conversation.customer_unread for conversation in open_ones) >= 3


async def test_every_conversation_agrees_with_its_messages(db: Database, summary: SeedSummary) -> None:
    for conversation, messages in await threads(db):
        last = messages[-1]
        assert [message.seq for message in messages] == list(range(1, len(messages) + 1))
        assert len({message.client_id for message in messages}) == len(messages)
        assert conversation.last_seq == last.seq
        preview = last.content[:MAX_PREVIEW] or (last.attachments or [{}])[0]["name"]
        assert conversation.last_message == preview
        assert conversation.last_message_type == last.message_type
        assert conversation.last_sender_id == last.sender_id
        assert conversation.last_message_time == last.created_at
        by_buyer = [message.sender_id == conversation.customer_id for message in messages]
        unread = [message for message in messages if message.seq > conversation.merchant_read_seq]
        assert conversation.merchant_unread == sum(message.sender_role is Role.BUYER for message in unread)
        unseen = [message for message in messages if message.seq > conversation.customer_read_seq]
        assert conversation.customer_unread == sum(message.sender_role is not Role.BUYER for message in unseen)
        run = list(takewhile(bool, reversed(by_buyer)))
        is_waiting = run and conversation.status is not Status.RESOLVED
        assert conversation.waiting_since == (messages[-len(run)].created_at if is_waiting else None)
        # Nobody answers what he has not read.
        assert conversation.merchant_unread <= len(run)
        assert conversation.customer_unread == 0 or not run


async def test_time_runs_forwards_and_ends_now(db: Database, summary: SeedSummary) -> None:
    at = now()
    for conversation, messages in await threads(db):
        times = [message.created_at for message in messages]
        assert all(earlier < later for earlier, later in pairwise(times)), conversation.last_message
        assert at - MONTH < times[0]
        assert conversation.created_at <= times[0]
        assert times[-1] <= conversation.updated_at <= at
        assert (conversation.snoozed_until is not None) == (conversation.status is Status.SNOOZED)
        assert conversation.snoozed_until is None or conversation.snoozed_until > at


@pytest.mark.parametrize("clock", ["2026-03-29T00:00:40", "2026-10-25T23:59:50", "2027-02-28T12:00:00"])
def test_no_script_reaches_into_the_future_whatever_the_clock_says(clock: str) -> None:
    at = int(time.mktime(time.strptime(clock, "%Y-%m-%dT%H:%M:%S")))
    for script in all_of(at):
        times = [line.at for line in script.lines]
        assert times[-1] <= at
        assert all(earlier < later for earlier, later in pairwise(times)), script.lines[0]


async def test_one_conversation_is_open_between_two(db: Database, summary: SeedSummary) -> None:
    for conversation in await rows_of(db, Conversation):
        pair = f"{conversation.customer_id}:{conversation.merchant_id}"
        assert conversation.open_key == (None if conversation.status is Status.RESOLVED else pair)


async def test_everybody_speaks_in_the_own_place(db: Database, summary: SeedSummary) -> None:
    staff = {row.user_id: row for row in await rows_of(db, Staff)}
    users = {row.id: row for row in await rows_of(db, User)}
    assert {user_id for user_id, row in staff.items() if row.role is StaffRole.OWNER} == {"m1", "m4"}
    shop_of: dict[int, str] = {}
    for conversation, messages in await threads(db):
        shop_of[conversation.id] = conversation.merchant_id
        started = users[conversation.customer_id].created_at
        assert started <= conversation.created_at, (conversation.customer_id, conversation.last_message)
        if conversation.assignee_id is not None:
            assert staff[conversation.assignee_id].merchant_id == conversation.merchant_id
        for message in messages:
            assert message.sender_role is users[message.sender_id].role
            if message.sender_role is Role.MERCHANT:
                assert staff[message.sender_id].merchant_id == conversation.merchant_id
            elif message.sender_role is Role.BUYER:
                assert message.sender_id == conversation.customer_id
            else:
                assert message.sender_role is Role.PLATFORM
    for note in await rows_of(db, Note):
        assert staff[note.author_id].merchant_id == shop_of[note.conversation_id]
    for activity in await rows_of(db, Activity):
        if activity.kind == "rated":
            assert users[activity.actor_id].role is Role.BUYER
        else:
            assert staff[activity.actor_id].merchant_id == shop_of[activity.conversation_id]


async def test_every_text_could_have_been_sent(db: Database, summary: SeedSummary) -> None:
    for _, messages in await threads(db):
        for message in messages:
            checked_content(message.content, may_be_empty=message.message_type is not MessageType.TEXT)
            assert message.content == message.content.strip()
    for person in everybody().values():
        assert username(person.username) == person.username


async def test_photos_are_stored_and_belong_to_who_sent_them(
    db: Database, settings: Settings, summary: SeedSummary
) -> None:
    files = {str(row.id): row for row in await rows_of(db, StoredFile)}
    shown = [message for _, messages in await threads(db) for message in messages if message.attachments]
    assert len(shown) == len(files) >= 8
    for message in shown:
        assert message.message_type is MessageType.IMAGE
        (attachment,) = message.attachments or []
        row = files[attachment["id"]]
        assert row.owner_id == message.sender_id
        assert attachment["url"] == f"/media/{row.path}"
        assert (settings.media_dir / row.path).stat().st_size == row.size
        assert row.thumbnail_path is not None
        assert (settings.media_dir / row.thumbnail_path).is_file()


async def test_no_quick_reply_uses_a_variable_that_nobody_fills(db: Database, summary: SeedSummary) -> None:
    texts = [row.content for row in await rows_of(db, QuickReply)]
    for text in texts:
        bare = text
        for variable in ("{{buyer.name}}", "{{agent.name}}", "{{order.number}}"):
            bare = bare.replace(variable, "")
        assert "{" not in bare, text
    assert any("{{buyer.name}}" in text for text in texts)


async def test_the_documented_password_opens_and_is_nowhere_in_clear(
    db: Database, settings: Settings, summary: SeedSummary, capsys: pytest.CaptureFixture[str]
) -> None:
    credentials = await rows_of(db, Credential)
    assert len(credentials) == len(summary.usernames)
    (password_hash,) = {row.password_hash for row in credentials}
    assert await passwords.is_right(settings, password_hash, PASSWORD)
    assert PASSWORD not in password_hash
    shown = "".join(capsys.readouterr()) + repr(summary)
    assert PASSWORD not in shown
    assert password_hash not in shown


async def test_a_second_seed_refuses(db: Database, settings: Settings, summary: SeedSummary) -> None:
    again = await seed(db, settings, LocalStorage(settings.media_dir))
    assert again == SeedSummary(is_seeded=False)
    assert len(await rows_of(db, Conversation)) == summary.conversations


async def test_a_database_with_one_user_is_not_touched(db: Database, settings: Settings) -> None:
    async with db.writing() as session:
        session.add(User(id="a1", username="root", role=Role.ADMIN))
    assert not (await seed(db, settings, LocalStorage(settings.media_dir))).is_seeded
    assert [user.id for user in await rows_of(db, User)] == ["a1"]
    assert not (settings.media_dir / "uploads").exists()


async def test_bulk_data_agrees_with_itself_too(db: Database) -> None:
    await load(db, conversations=40, messages=1500)
    found = await threads(db)
    assert len(found) == 40
    assert sum(len(messages) for _, messages in found) == 1500
    for conversation, messages in found:
        assert conversation.customer_id == buyer_of(conversation.id)
        assert [message.seq for message in messages] == list(range(1, conversation.last_seq + 1))
        last = messages[-1]
        assert (conversation.last_message, conversation.last_message_time) == (last.content, last.created_at)
        unread = sum(
            message.sender_role is Role.BUYER for message in messages if message.seq > conversation.merchant_read_seq
        )
        assert conversation.merchant_unread == unread


async def test_bulk_data_stands_beside_the_demo(db: Database, summary: SeedSummary) -> None:
    await load(db, conversations=10, messages=100)
    async with db.reading() as session:
        count = (await session.exec(select(func.count()).select_from(Conversation))).one()
    assert count == summary.conversations + 10
