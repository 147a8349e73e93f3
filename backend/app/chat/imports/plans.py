"""What an import would do to what is there: which rows are new, which change something, which say nothing new."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import and_, bindparam, insert, or_, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.access import shop_of
from app.chat.contacts_models import Contact, derived
from app.chat.imports.entries import Entry, Problem
from app.chat.models import QuickReply
from app.kernel.clock import now
from app.kernel.i18n import sentence
from app.kernel.identity import Identity
from app.kernel.ids import new_id
from app.kernel.sql import table_of

CHUNK = 500
NEW, CHANGED, SAME, DOUBLE = "new", "changed", "same", "double"
_CONTACTS, _REPLIES = table_of(Contact), table_of(QuickReply)
_CONTACT_FIELDS = ("name", "email", "phone", "company", "note")

Values = dict[str, Any]


@dataclass
class Plan:
    """`verdicts` by line. `new` are rows to insert, `changed` whole values of rows by id."""

    new: list[Values] = field(default_factory=list)
    changed: dict[int, Values] = field(default_factory=dict)
    verdicts: dict[int, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """The result of the import."""
        skipped = sum(1 for verdict in self.verdicts.values() if verdict in (SAME, DOUBLE))
        return {"added": len(self.new), "updated": len(self.changed), "skipped": skipped}


async def of_contacts(session: AsyncSession, me: Identity, entries: Sequence[Entry]) -> Plan:
    """A contact is known by its e-mail address or phone number; one that has neither, by its name."""
    connection = await session.connection()
    found: dict[int, Values] = {}
    columns = [_CONTACTS.c.id, *(_CONTACTS.c[name] for name in _CONTACT_FIELDS)]
    for start in range(0, len(entries), CHUNK):
        some = [entry.values for entry in entries[start : start + CHUNK]]
        emails = {value for values in some if (value := values.get("email"))}
        phones = {value for values in some if (value := values.get("phone"))}
        nameless = and_(_CONTACTS.c.email.is_(None), _CONTACTS.c.phone.is_(None))
        named = {values.get("name", "") for values in some if not values.get("email") and not values.get("phone")}
        like = or_(
            _CONTACTS.c.email.in_(emails), _CONTACTS.c.phone.in_(phones), and_(nameless, _CONTACTS.c.name.in_(named))
        )
        query = select(*columns).where(_CONTACTS.c.merchant_id == shop_of(me), like)
        found |= {row[0]: dict(row._mapping) for row in (await connection.execute(query)).all()}
    return await asyncio.to_thread(_plan_contacts, entries, list(found.values()))


async def of_quick_replies(session: AsyncSession, me: Identity, entries: Sequence[Entry]) -> Plan:
    """One of one's own is known by its title, else by its text; what the team has word for word is not added again."""
    table = _REPLIES.c
    seen = and_(table.merchant_id == shop_of(me), or_(table.user_id == me.user_id, table.is_shared))
    names = ("id", "user_id", "title", "content", "is_shared", "folder")
    query = select(*(table[name] for name in names)).where(seen).order_by(table.id)
    rows = (await (await session.connection()).execute(query)).all()
    return await asyncio.to_thread(_plan_replies, entries, [dict(row._mapping) for row in rows], me.user_id)


async def apply_contacts(session: AsyncSession, me: Identity, plan: Plan) -> None:
    """Write it. A unique rule may object: somebody was at it at the same time."""
    at = now()
    blank = {"merchant_id": shop_of(me), "last_seen_at": 0, "block_reason": "", "created_at": at, "updated_at": at}
    new = [blank | values | derived(values) for values in plan.new]
    changed = {number: values | derived(values) for number, values in plan.changed.items()}
    await _write(session, _CONTACTS, new, changed, at)


async def apply_quick_replies(session: AsyncSession, me: Identity, plan: Plan) -> None:
    """Write it, as the importer's own."""
    at = now()
    blank = {"user_id": me.user_id, "merchant_id": shop_of(me), "uses": 0, "created_at": at, "updated_at": at}
    await _write(session, _REPLIES, [blank | values for values in plan.new], plan.changed, at)


async def _write(session: AsyncSession, table: Any, new: list[Values], changed: dict[int, Values], at: int) -> None:
    connection = await session.connection()
    rows = [{"id": new_id()} | values for values in new]
    for start in range(0, len(rows), CHUNK):
        await connection.execute(insert(table), rows[start : start + CHUNK])
    moves = [{"which": row_id, "updated_at": at} | values for row_id, values in changed.items()]
    if not moves:
        return
    names = [name for name in moves[0] if name != "which"]
    statement = update(table).where(table.c.id == bindparam("which")).values({name: bindparam(name) for name in names})
    for start in range(0, len(moves), CHUNK):
        await connection.execute(statement, moves[start : start + CHUNK])


def _plan_contacts(entries: Sequence[Entry], rows: Sequence[Values]) -> Plan:
    plan = Plan()
    by = {name: {row[name]: row for row in rows if row[name]} for name in ("email", "phone")}
    by_name = {row["name"]: row for row in rows if not row["email"] and not row["phone"]}
    seen: set[tuple[str, Any]] = set()
    for line, values in entries:
        keys = {(name, values[name]) for name in ("email", "phone") if values.get(name)}
        matches = {row["id"]: row for name, value in keys if (row := by[name].get(value))}
        if not keys:
            keys = {("name", values["name"])}
            matches = {row["id"]: row for row in [by_name.get(values["name"])] if row}
        if len(matches) > 1:
            text = sentence("The e-mail address and the phone number belong to two different contacts.")
            plan.problems.append(Problem(line, "", text, {}))
            continue
        row = next(iter(matches.values()), None)
        taken = keys | ({("id", row["id"])} if row else set())
        if seen & taken:
            plan.verdicts[line] = DOUBLE
            continue
        seen |= taken
        if row is None:
            plan.new.append({name: values.get(name) or _blank(name) for name in _CONTACT_FIELDS})
            plan.verdicts[line] = NEW
            continue
        # What a table leaves empty is not taken away.
        merged = {name: values.get(name) or row[name] for name in _CONTACT_FIELDS}
        is_same = all(merged[name] == row[name] for name in _CONTACT_FIELDS)
        if not is_same:
            plan.changed[row["id"]] = merged
        plan.verdicts[line] = SAME if is_same else CHANGED
    return plan


def _blank(name: str) -> str | None:
    return None if name in ("email", "phone") else ""


def _plan_replies(entries: Sequence[Entry], rows: Sequence[Values], user_id: str) -> Plan:
    plan = Plan()
    own = [row for row in rows if row["user_id"] == user_id]
    by_title = {row["title"]: row for row in reversed(own) if row["title"]}
    by_content = {row["content"]: row for row in reversed(own)}
    told = {(row["title"], row["content"]) for row in rows}
    seen: set[str] = set()
    for line, values in entries:
        title, content = values.get("title", ""), values["content"]
        key = f"t{title}" if title else f"c{content}"
        if key in seen:
            plan.verdicts[line] = DOUBLE
            continue
        seen.add(key)
        row = by_title.get(title) if title else by_content.get(content)
        if row is None:
            is_known = (title, content) in told
            if not is_known:
                shared = values.get("is_shared", False)
                folder = values.get("folder", "")
                plan.new.append({"title": title, "content": content, "is_shared": shared, "folder": folder})
            plan.verdicts[line] = SAME if is_known else NEW
            continue
        kept = {name: values.get(name, row[name]) for name in ("is_shared", "folder")}
        merged = {"title": row["title"], "content": content} | kept
        is_same = all(merged[name] == row[name] for name in merged)
        if not is_same:
            plan.changed[row["id"]] = merged
        plan.verdicts[line] = SAME if is_same else CHANGED
    return plan
