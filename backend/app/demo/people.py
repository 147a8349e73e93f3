"""The demo's people: buyers, two shops, their staff, an admin and the platform. Few of them can sign in."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.accounts.models import Credential, Staff, StaffRole, User
from app.accounts.names import ROLE_LETTERS
from app.kernel.identity import Role

PASSWORD = "parley-demo-2026"  # no secret: documented, and only ever set by the demo
DAY_SECONDS = 86_400
GREETINGS = {
    "m1": "您好，这里是五常稻香示范农场（演示）！新米现磨现发，有什么想问的尽管说。"
    " · Hello from the Wuchang Fragrant Rice Farm (demo)! Ask us anything about rice.",
    "m4": "您好，山野蜂蜜（演示）。椴树蜜今年不多，想要趁早。 · Hello from Wild Mountain Honey (demo).",
}
_ROLES = {letter: role for role, letter in ROLE_LETTERS.items()}


@dataclass(frozen=True)
class Person:
    """Somebody of the demo. `shop_id`: for whom a merchant acts."""

    id: str
    username: str
    name: str
    role: Role
    locale: str
    joined_days: int
    can_sign_in: bool
    shop_id: str | None


def everybody() -> dict[str, Person]:
    """Everybody by user name."""
    written = json.loads((Path(__file__).parent / "people.json").read_text("utf-8"))
    return {entry["username"]: _person(entry) for entry in written}


@dataclass(frozen=True)
class SignIn:
    """One button of the sign-in page in demo mode."""

    id: str
    username: str
    name: str
    role: Role
    password: str


def sign_ins() -> list[SignIn]:
    """Those who can sign in, with the password that everybody may know."""
    able = (person for person in everybody().values() if person.can_sign_in)
    return [SignIn(person.id, person.username, person.name, person.role, PASSWORD) for person in able]


def users(people: dict[str, Person], now: int) -> list[User]:
    """Their rows of `users`."""
    return [
        User(
            id=person.id,
            username=person.username,
            role=person.role,
            display_name=person.name,
            locale=person.locale,
            greeting=GREETINGS.get(person.id, ""),
            created_at=_joined(person, now),
            updated_at=_joined(person, now),
        )
        for person in people.values()
    ]


def credentials(people: dict[str, Person], password_hash: str, now: int) -> list[Credential]:
    """The one shared password, for those who can sign in."""
    able = (person for person in people.values() if person.can_sign_in)
    return [Credential(user_id=person.id, password_hash=password_hash, updated_at=now) for person in able]


def staff(people: dict[str, Person], now: int) -> list[Staff]:
    """Who acts for which shop; a shop's own account is its owner."""
    return [
        Staff(
            user_id=person.id,
            merchant_id=person.shop_id,
            role=StaffRole.OWNER if person.shop_id == person.id else StaffRole.AGENT,
            created_at=_joined(person, now),
        )
        for person in people.values()
        if person.shop_id is not None
    ]


def _person(entry: dict[str, Any]) -> Person:
    role = _ROLES[entry["id"][0]]
    return Person(
        id=entry["id"],
        username=entry["username"],
        name=entry["name"],
        role=role,
        locale=entry["locale"],
        joined_days=entry["joined"],
        can_sign_in=entry.get("sign_in", False),
        shop_id=entry.get("works_for", entry["id"]) if role is Role.MERCHANT else None,
    )


def _joined(person: Person, now: int) -> int:
    return now - person.joined_days * DAY_SECONDS
