"""What was there before contacts stood for buyers: every buyer gets one, linked ones keep theirs, addresses too."""

from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from app.kernel.db import async_url
from tests.architecture.test_migrations import alembic
from tests.architecture.test_migrations import empty_database as empty_database

USER = (
    "INSERT INTO users (id, username, role, avatar, display_name, email, locale, greeting, created_at, updated_at) "
    "VALUES (:id, :id, :role, '', :name, :email, '', '', 1, 1)"
)
TALK = (
    "INSERT INTO conversations (id, customer_id, merchant_id, status, priority, last_seq, last_message, "
    "last_message_type, last_message_time, customer_unread, merchant_unread, customer_read_seq, merchant_read_seq, "
    "created_at, updated_at) VALUES (:id, :buyer, :shop, 'open', 'normal', 1, '', 'text', :at, 0, 0, 0, 0, :since, 1)"
)
CONTACT = (
    "INSERT INTO contacts (id, merchant_id, customer_id, name, email, company, note, created_at, updated_at) "
    "VALUES (:id, 'm1', :buyer, :name, :email, '', '', 1, 1)"
)


async def test_every_buyer_gets_a_contact(empty_database: str, tmp_path: Path) -> None:
    alembic(empty_database, tmp_path, "upgrade", "0007")
    people = [("m1", "merchant", "", None), ("m2", "merchant", "", None), ("b1", "buyer", "林小雨", "lin@example.com"),
              ("b2", "buyer", "Maria", None), ("b3", "buyer", "", "free@example.com")]  # fmt: skip
    rows: list[tuple[str, dict[str, Any]]] = [
        (USER, {"id": name, "role": role, "name": shown, "email": email}) for name, role, shown, email in people
    ]
    # Maria is known twice; somebody else has Lin's address.
    for number, buyer, name, email in (
        (7, "b2", "Maria K.", None),
        (8, "b2", "M.", None),
        (9, None, "X", people[2][3]),
    ):
        rows.append((CONTACT, {"id": number, "buyer": buyer, "name": name, "email": email}))
    talks = [("b1", "m1", 50), ("b1", "m1", 90), ("b1", "m2", 30), ("b2", "m1", 70), ("b3", "m2", 20)]
    for number, (buyer, shop, at) in enumerate(talks, 1):
        rows.append((TALK, {"id": number, "buyer": buyer, "shop": shop, "at": at, "since": at - 5}))
    engine = create_async_engine(async_url(empty_database))
    async with engine.begin() as connection:
        for statement, values in rows:
            await connection.execute(text(statement), values)
    alembic(empty_database, tmp_path, "upgrade", "0013")
    seen = text(
        "SELECT l.merchant_id, l.customer_id, c.name, c.email, c.last_seen_at, c.created_at, c.sort_key = '~' "
        "FROM contact_customers l JOIN contacts c ON c.id = l.contact_id ORDER BY 1, 2"
    )
    async with engine.connect() as connection:
        assert [(*row[:6], bool(row[6])) for row in await connection.execute(seen)] == [
            ("m1", "b1", "林小雨", None, 90, 45, False), ("m1", "b2", "Maria K.", None, 70, 1, False),
            ("m2", "b1", "林小雨", "lin@example.com", 30, 25, False),
            ("m2", "b3", "", "free@example.com", 20, 15, True),
        ]  # fmt: skip
        found = await connection.execute(text("SELECT search_text FROM contacts WHERE id = 7"))
        assert found.scalar_one().startswith("maria k.")
    await engine.dispose()
    alembic(empty_database, tmp_path, "downgrade", "0012")
    async with engine.connect() as connection:
        back = await connection.execute(text("SELECT customer_id FROM contacts WHERE id IN (7, 8, 9) ORDER BY id"))
        assert [row[0] for row in back] == ["b2", None, None]
    await engine.dispose()
