"""Beside messages: what of a person stands in the log of rules, in settings, in invitations, in the admins' log."""

from typing import Any

from httpx2 import AsyncClient
from sqlmodel import col, select, update

from app.accounts.api_keys import ApiKey
from app.accounts.invitations import Invitation
from app.accounts.models import User
from app.accounts.preferences import UserPreferences
from app.audit.models import AuditEntry
from app.automation.models import AutomationRule, AutomationRun
from app.chat.labels_models import Label
from app.kernel.clock import now
from app.kernel.db import Database
from tests.chat import talking
from tests.people import Person
from tests.privacy.conftest import Go
from tests.privacy.test_deletion import ask, count


async def test_neither_rules_nor_admins_remember_who_it_was(
    client: AsyncClient, db: Database, seven_days_later: Go, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    place = await talking.start(client, lin_the_buyer)
    await talking.sent(client, lin_the_buyer, place, "你好")
    said = {"kind": "reply", "value": "你好 Lin Xiaoyu", "ok": None}
    async with db.writing() as session:
        rule = AutomationRule(merchant_id="m1", event="conversation_created")
        session.add(rule)
        await session.flush()
        about: dict[str, Any] = {"subject_kind": "user", "subject_id": "b1", "details": {"name": "lin"}}
        session.add(AuditEntry(actor_id="a1", action="user.changed", **about))
        of_it: dict[str, Any] = {
            "rule_id": rule.id,
            "conversation_id": int(place),
            "merchant_id": "m1",
            "trigger": "created",
        }
        session.add(AutomationRun(**of_it, done=[said]))
        session.add(UserPreferences(user_id="b1", chosen={"sounds": False}))
        await session.exec(update(User).where(col(User.id) == "b1").values(blocked_reason="Lin is rude"))
    assert (await ask(client, lin_the_buyer)).status_code == 202
    assert (await seven_days_later("b1")).result is not None
    async with db.reading() as session:
        run = (await session.exec(select(AutomationRun))).one()
        entry = (await session.exec(select(AuditEntry).where(AuditEntry.subject_id == "b1"))).one()
        user = await session.get_one(User, "b1")
    assert (run.done, run.finished_at is None) == ([], False)
    assert (entry.actor_id, entry.action, entry.details) == ("a1", "user.changed", {})
    assert user.blocked_reason == ""
    assert await count(db, UserPreferences) == 0


async def test_with_a_shop_its_doors_and_words_go(
    client: AsyncClient, db: Database, seven_days_later: Go, chen_the_merchant: Person, honey_the_merchant: Person
) -> None:
    for who, email in ((chen_the_merchant, "xiaohe@example.com"), (honey_the_merchant, "kept@example.com")):
        await talking.post(client, who, "/api/v1/staff/invitations/", {"email": email})
        await talking.post(client, who, "/api/v1/api-keys/", {"name": "ERP"})
        await talking.post(client, who, "/api/v1/labels/", {"name": "VIP"})
    async with db.writing() as session:
        session.add(AutomationRule(merchant_id="m1", event="conversation_created"))
    assert (await ask(client, chen_the_merchant)).status_code == 202
    await seven_days_later("m1")
    assert [await count(db, model) for model in (Invitation, ApiKey, Label, AutomationRule)] == [1, 1, 1, 0]


async def test_the_address_of_an_invitation_goes_with_who_came_by_it(
    client: AsyncClient, db: Database, seven_days_later: Go, chen_the_merchant: Person, an_the_agent: Person
) -> None:
    await talking.post(client, chen_the_merchant, "/api/v1/staff/invitations/", {"email": "an@example.com"})
    async with db.writing() as session:
        await session.exec(update(Invitation).values(used_by="m2", used_at=now()))
    assert (await ask(client, an_the_agent)).status_code == 202
    await seven_days_later("m2")
    async with db.reading() as session:
        assert (await session.exec(select(Invitation.email))).one() is None
