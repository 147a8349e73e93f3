"""What was delivered holds what was said: an admin who reads it in the log is written down, and nobody else."""

from httpx2 import AsyncClient
from sqlmodel import select

from app.audit.models import AuditEntry
from app.kernel.db import Database
from tests.chat.talking import API, sent
from tests.people import Person
from tests.webhooks.conftest import WEBHOOKS, Listen, Postman
from tests.webhooks.receivers import Receiver


async def looks(db: Database) -> list[tuple[str, str, str | None]]:
    async with db.reading() as session:
        rows = (await session.exec(select(AuditEntry).order_by(AuditEntry.id))).all()  # type: ignore[arg-type]
    return [(row.action, row.subject_id, row.merchant_id) for row in rows]


async def test_an_admin_who_reads_a_delivery_is_written_down(
    client: AsyncClient, db: Database, listen: Listen, receiver: Receiver, postman: Postman, talk: str,
    lin_the_buyer: Person, chen_the_merchant: Person, an_admin: Person,
) -> None:  # fmt: skip
    webhook = await listen(receiver, "message.created.v1")
    await sent(client, lin_the_buyer, talk, "我住在长安街1号")
    await postman.walk()
    log = f"{WEBHOOKS}{webhook['id']}/deliveries/"
    (delivery,) = (await client.get(log, headers=an_admin.headers)).json()["results"]
    await client.get(log + delivery["id"], headers=chen_the_merchant.headers)
    assert await looks(db) == []
    shown = await client.get(log + delivery["id"], headers=an_admin.headers)
    assert "长安街" in shown.text
    assert await looks(db) == [("conversation.opened", talk, "m1")]


async def test_an_admin_who_reads_what_rules_said_is_written_down(
    client: AsyncClient, db: Database, chen_the_merchant: Person, an_admin: Person
) -> None:
    for who in (chen_the_merchant, an_admin):
        assert (await client.get(f"{API}/automation/runs/", headers=who.headers)).status_code == 200
    assert await looks(db) == [("wall.watched", "", None)]
