"""What the owner of a shop decides for it: when silent conversations end, and how long old ones are kept."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict
from sqlmodel import Field, SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import access
from app.accounts.models import USER_ID_LENGTH
from app.kernel.clock import now
from app.kernel.errors import AppError
from app.kernel.identity import Identity
from app.kernel.models import UserId, time_column
from app.kernel.sql import upsert

MIN_RETENTION_DAYS, MAX_RETENTION_DAYS = 30, 3650
MIN_HOURS, MAX_HOURS = 2, 8760
MAX_WARNING_HOURS = 720
MAX_WARNING = 1000  # characters
MAX_TEXT = 1000  # characters of what the shop says by itself
MAX_RETURN_MINUTES = 1440
DEFAULT_WARNING_HOURS = 24


class Routing(StrEnum):
    """How a conversation finds the person who answers it."""

    OFF = "off"
    ROUND_ROBIN = "round_robin"


class ShopSettings(SQLModel, table=True):
    """A shop without a row has the defaults: nothing ends and nothing is deleted by itself."""

    __tablename__ = "shop_settings"

    merchant_id: UserId = Field(primary_key=True, foreign_key="users.id", ondelete="CASCADE", max_length=USER_ID_LENGTH)
    auto_resolve_after_hours: int | None = None
    auto_resolve_warning: str = Field(default="", max_length=MAX_WARNING)
    warn_before_hours: int = DEFAULT_WARNING_HOURS
    retention_days: int | None = None
    routing: str = Field(default=Routing.OFF.value, max_length=20, index=True)
    return_after_minutes: int | None = None
    welcome_text: str = Field(default="", max_length=MAX_TEXT)
    away_text: str = Field(default="", max_length=MAX_TEXT)
    typing_preview: bool = False
    updated_at: int = time_column(default_factory=now)


def _text(text: str) -> str:
    if any(ord(letter) < 32 and letter not in "\n\t" for letter in text.replace("\r\n", "\n")):
        raise ValueError("control characters are not allowed")
    text.encode()  # a lone surrogate can be stored nowhere
    return text.replace("\r\n", "\n").strip()


class ShopSettingsChange(BaseModel):
    """What the owner sets; absent fields stay, null turns off."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "auto_resolve_after_hours": 72,
                    "warn_before_hours": 24,
                    "auto_resolve_warning": "如果没有别的问题，我们会在一天后结束这次对话。",
                    "retention_days": 365,
                }
            ]
        }
    )

    auto_resolve_after_hours: int | None = Field(default=None, ge=MIN_HOURS, le=MAX_HOURS)
    """Hours of the buyer's silence after the shop's last word, until the conversation is resolved by itself."""
    auto_resolve_warning: Annotated[str, AfterValidator(_text)] = Field(default="", max_length=MAX_WARNING)
    """What the shop says before that; empty: nothing."""
    warn_before_hours: int = Field(default=DEFAULT_WARNING_HOURS, ge=1, le=MAX_WARNING_HOURS)
    retention_days: int | None = Field(default=None, ge=MIN_RETENTION_DAYS, le=MAX_RETENTION_DAYS)
    """Resolved conversations that have been silent for longer are deleted for good."""
    typing_preview: bool = False
    """The team sees what a buyer types before it is sent; the chat says so to the buyer."""
    routing: Routing = Routing.OFF
    """`round_robin`: new conversations are given to those who are online and have room, in turn."""
    return_after_minutes: int | None = Field(default=None, ge=1, le=MAX_RETURN_MINUTES)
    """Unanswered conversations go back to the queue when who is in charge has been away for so long."""
    welcome_text: Annotated[str, AfterValidator(_text)] = Field(default="", max_length=MAX_TEXT)
    """What the shop says by itself after a buyer's first message; empty: nothing."""
    away_text: Annotated[str, AfterValidator(_text)] = Field(default="", max_length=MAX_TEXT)
    """What it says by itself while it is closed, once a day; empty: nothing."""


class ShopSettingsPublic(ShopSettingsChange):
    """The settings of a shop."""

    model_config = ConfigDict(from_attributes=True)

    merchant_id: UserId


async def of(session: AsyncSession, merchant_id: str) -> ShopSettings:
    """A shop's settings, or the defaults."""
    return await session.get(ShopSettings, merchant_id) or ShopSettings(merchant_id=merchant_id)


async def read(session: AsyncSession, me: Identity, merchant_id: str | None = None) -> ShopSettingsPublic:
    """The settings of the caller's shop; admins name one. 404 for a foreign one."""
    return ShopSettingsPublic.model_validate(await of(session, await access.named_shop(session, me, merchant_id)))


async def change(session: AsyncSession, me: Identity, wanted: ShopSettingsChange) -> ShopSettingsPublic:
    """Set what is named. The owner only (403); 422 when the warning would come before the silence begins."""
    merchant_id = await access.owned_shop(session, me)
    fields = wanted.model_dump(exclude_unset=True)
    values = ShopSettings(merchant_id=merchant_id).model_dump() | fields | {"updated_at": now()}
    await upsert(session, ShopSettings, [values], key=["merchant_id"], update=[*fields, "updated_at"])
    row = await session.get_one(ShopSettings, merchant_id, populate_existing=True)
    hours = row.auto_resolve_after_hours
    if hours is not None and row.auto_resolve_warning and row.warn_before_hours >= hours:
        raise AppError(
            422,
            "warning_too_early",
            "The warning has to come after the last message: fewer than {hours} hours before the end.",
            hours=hours,
        )
    return ShopSettingsPublic.model_validate(row)
