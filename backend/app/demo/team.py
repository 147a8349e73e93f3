"""How the demo's rice shop works: hours, holidays, its own words, room for everybody, an invitation that is open."""

import secrets
from collections.abc import Iterator
from datetime import UTC, date, datetime

from sqlmodel import SQLModel

from app.accounts.invitations import GOOD_DAYS, Invitation
from app.accounts.models import Availability, Staff, StaffRole
from app.accounts.opening import ShopHoliday, ShopHours
from app.accounts.shop_settings import ShopSettings
from app.chat.models import Conversation
from app.chat.reactions import ReactionMark
from app.demo.people import DAY_SECONDS

SHOP_ID = "m1"
TIME_ZONE = "Asia/Shanghai"
# Nearly always open: who looks at the demo from the other side of the world should meet a shop that answers.
WORKDAY, WEEKEND = [["00:00", "04:00"], ["04:30", "00:00"]], [["00:00", "04:00"], ["05:00", "00:00"]]
WELCOME = (
    "感谢您的咨询！农场客服马上就来，您可以先说说想了解什么。 · Thank you for writing! Somebody will be with you soon."
)
AWAY = (
    "现在是休息时间，我们每天早上开始接待，看到留言会第一时间回复您。"
    " · We are closed just now and will answer as soon as we are back."
)
CAPACITIES = {"m1": 20, "m2": 12, "m3": 8}
INVITED = "xiaohe@example.com"


def at_work(staff: list[Staff], at: int) -> list[Staff]:
    """The same people with room for some conversations each; one of them is busy."""
    for row in staff:
        row.capacity = CAPACITIES.get(row.user_id, row.capacity)
    for row in staff:
        if row.user_id == "m3":
            row.availability, row.availability_at = Availability.BUSY, at
    return staff


def rows(at: int) -> Iterator[SQLModel]:
    """Everything else that the pages of the team show."""
    yield ShopSettings(
        merchant_id=SHOP_ID,
        return_after_minutes=15,
        welcome_text=WELCOME,
        away_text=AWAY,
        updated_at=at,
    )
    week = [WORKDAY] * 5 + [WEEKEND] * 2
    yield ShopHours(merchant_id=SHOP_ID, time_zone=TIME_ZONE, week=week, updated_at=at)
    today = datetime.fromtimestamp(at, UTC).date()
    new_year, autumn = _next(today, 1, 1), _next(today, 10, 1)
    yield _holiday(new_year, new_year, "元旦", [["10:00", "16:00"]])
    yield _holiday(autumn, autumn.replace(day=3), "国庆节", [])
    yield Invitation(
        merchant_id=SHOP_ID,
        token_hash=secrets.token_hex(32),
        role=StaffRole.AGENT,
        email=INVITED,
        created_by=SHOP_ID,
        created_at=at - 2 * DAY_SECONDS,
        expires_at=at + (GOOD_DAYS - 2) * DAY_SECONDS,
    )


def marks(conversations: list[Conversation]) -> list[ReactionMark]:
    """What was said in the demo is history: nothing follows from it by itself."""
    return [ReactionMark(conversation_id=row.id, seq=row.last_seq) for row in conversations]


def _holiday(first: date, last: date, name: str, ranges: list[list[str]]) -> ShopHoliday:
    return ShopHoliday(
        merchant_id=SHOP_ID, first_day=first.isoformat(), last_day=last.isoformat(), name=name, ranges=ranges
    )


def _next(today: date, month: int, day: int) -> date:
    this_year = date(today.year, month, day)
    return this_year if this_year > today else date(today.year + 1, month, day)
