"""What a shop knows of a buyer's visit: language, device and the last pages. Only of buyers who have written to it."""

from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import IntegrityError
from sqlmodel import Field, SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import customers
from app.accounts.customers import CustomerIdentity
from app.chat import access, addresses
from app.kernel.clock import now
from app.kernel.identity import Identity
from app.kernel.models import UserId, time_column

MAX_PAGES = 20
MAX_TITLE = 200
BROWSERS = (
    ("MicroMessenger", "WeChat"), ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("HarmonyOS", "HarmonyOS"), ("Android", "Android"),
    ("Windows", "Windows"), ("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


class Visit(SQLModel, table=True):
    """The newest visit of a buyer at a shop."""

    __tablename__ = "visits"

    merchant_id: UserId = Field(primary_key=True, foreign_key="users.id", ondelete="CASCADE", max_length=50)
    customer_id: UserId = Field(primary_key=True, foreign_key="users.id", ondelete="CASCADE", max_length=50, index=True)
    language: str = Field(default="", max_length=20)
    device: str = Field(default="", max_length=80)
    page_url: str = Field(default="", max_length=addresses.MAX_URL)
    page_title: str = Field(default="", max_length=MAX_TITLE)
    referrer: str = Field(default="", max_length=addresses.MAX_URL)
    seen_at: int = time_column(default_factory=now)
    pages: list[dict[str, Any]] = Field(default_factory=list, sa_type=sa.JSON)


class Page(BaseModel):
    """One page that a buyer looked at."""

    url: str
    title: str
    at: int


class VisitPublic(BaseModel):
    """A buyer as the shop's side and admins see the visit. `is_verified`: the shop's own key proved who this is;

    then `subject`, `email` and `phone` are the shop's own word.
    """

    model_config = ConfigDict(from_attributes=True)

    customer_id: UserId
    language: str = ""
    device: str = ""
    page_url: str = ""
    page_title: str = ""
    referrer: str = ""
    seen_at: int | None = None
    pages: list[Page] = []
    is_verified: bool = False
    subject: str | None = None
    email: str | None = None
    phone: str | None = None


def device_of(user_agent: str) -> str:
    """`Chrome · Windows` of a User-Agent; empty for one that is no browser."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    return " · ".join(part for part in (browser, system) if part)


async def of_conversation(session: AsyncSession, me: Identity, conversation_id: int) -> VisitPublic | None:
    """The visit of a conversation's buyer; None when nothing is known. Merchant's side and admins."""
    access.check_sees_inside(me)
    row = await access.conversation(session, me, conversation_id)
    visit = await session.get(Visit, (row.merchant_id, row.customer_id))
    proof = await customers.identity_of(session, row.merchant_id, row.customer_id)
    if visit is None and proof is None:
        return None
    return public(row.customer_id, visit, proof)


def public(customer_id: str, visit: Visit | None, proof: CustomerIdentity | None) -> VisitPublic:
    """A visit as it leaves."""
    facts = visit.model_dump(exclude={"merchant_id", "customer_id"}) if visit else {}
    proven = {} if proof is None else {"is_verified": True, **proof.model_dump(include={"subject", "email", "phone"})}
    return VisitPublic(customer_id=customer_id, **facts, **proven)


async def record(
    session: AsyncSession, merchant_id: str, customer_id: str, page: dict[str, str], language: str, device: str
) -> VisitPublic | None:
    """Note the page that a buyer looks at. None for an address that is no page: nothing is kept of it."""
    url = addresses.clean(page["url"])
    if not url:
        return None
    key = (merchant_id, customer_id)
    row = await session.get(Visit, key, with_for_update=True)
    if row is None:
        try:
            async with session.begin_nested():
                row = Visit(merchant_id=merchant_id, customer_id=customer_id)
                session.add(row)
                await session.flush()
        except IntegrityError:  # another tab was first
            row = await session.get_one(Visit, key, with_for_update=True)
    at, title = now(), page["title"][:MAX_TITLE]
    before = row.pages[1:] if row.pages and row.pages[0]["url"] == url else row.pages
    row.sqlmodel_update(
        {
            "language": language, "device": device[:80], "page_url": url, "page_title": title, "seen_at": at,
            "referrer": addresses.clean(page["referrer"]) or row.referrer,
            "pages": [{"url": url, "title": title, "at": at}, *before][:MAX_PAGES],
        }
    )  # fmt: skip
    session.add(row)
    await session.flush()
    return public(customer_id, row, await customers.identity_of(session, merchant_id, customer_id))
