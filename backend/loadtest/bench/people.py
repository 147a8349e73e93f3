"""People who may talk, written straight into the database: the sign-in door is not what we measure."""

from dataclasses import dataclass

from sqlalchemy import insert

from app.accounts import tokens
from app.accounts.models import AuthSession, SessionKind, Staff, StaffRole, User
from app.chat.models import Conversation
from app.kernel import ids
from app.kernel.clock import now
from app.kernel.config import Settings
from app.kernel.db import Database
from app.kernel.identity import Role

NODE = 1023  # leases are drawn at random, so that ours is not worth a lease; nobody else writes while we do
DAY_SECONDS = 86_400
CHUNK_ROWS = 1000


@dataclass(frozen=True)
class Person:
    """Somebody with a token that works."""

    user_id: str
    token: str


@dataclass(frozen=True)
class Pair:
    """A buyer and a merchant with one conversation."""

    buyer: Person
    merchant: Person
    conversation_id: int


async def make_pairs(db: Database, settings: Settings, count: int, shops: int = 0) -> list[Pair]:
    """`count` buyers, each with a conversation: with a merchant of their own, or spread over `shops` merchants."""
    ids.use_node(NODE)
    shops = shops or count
    merchants = [_user(Role.MERCHANT, number) for number in range(1, shops + 1)]
    buyers = [_user(Role.BUYER, number) for number in range(1, count + 1)]
    people = merchants + buyers
    standing = [_session(user) for user in people]
    talks = [_conversation(buyer, merchants[number % shops]) for number, buyer in enumerate(buyers)]
    staff = [Staff(user_id=user.id, merchant_id=user.id, role=StaffRole.OWNER) for user in merchants]
    async with db.writing() as session:
        for rows in (people, staff, standing, talks):
            for at in range(0, len(rows), CHUNK_ROWS):
                values = [row.model_dump(exclude=set()) for row in rows[at : at + CHUNK_ROWS]]
                await session.exec(insert(type(rows[0])), params=values)
    signed = {
        user.id: Person(user.id, tokens.access(settings, user, _shop_of(user), session_row)[0])
        for user, session_row in zip(people, standing, strict=True)
    }
    return [Pair(signed[talk.customer_id], signed[talk.merchant_id], talk.id) for talk in talks]


def _user(role: Role, number: int) -> User:
    letter = "m" if role is Role.MERCHANT else "b"
    return User(id=f"{letter}{number}", username=f"load.{letter}{number}", role=role)


def _shop_of(user: User) -> str | None:
    return user.id if user.role is Role.MERCHANT else None


def _session(user: User) -> AuthSession:
    return AuthSession(user_id=user.id, kind=SessionKind.BEARER, expires_at=now() + DAY_SECONDS)


def _conversation(buyer: User, merchant: User) -> Conversation:
    key = f"{buyer.id}:{merchant.id}"
    return Conversation(customer_id=buyer.id, merchant_id=merchant.id, open_key=key)
