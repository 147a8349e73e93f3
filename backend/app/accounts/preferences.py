"""How a person likes to work at the console: keys, sounds, notifications. Kept by the server, for every device."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.models import USER_ID_LENGTH
from app.kernel.clock import now
from app.kernel.identity import Identity
from app.kernel.models import UserId, time_column
from app.kernel.sql import upsert


class UserPreferences(SQLModel, table=True):
    """A person without a row has the defaults; `chosen` holds only what was chosen."""

    __tablename__ = "user_preferences"

    user_id: UserId = Field(primary_key=True, foreign_key="users.id", ondelete="CASCADE", max_length=USER_ID_LENGTH)
    chosen: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    updated_at: int = time_column(default_factory=now)


class Preferences(BaseModel):
    """What can be chosen, and what holds for who has not chosen."""

    model_config = ConfigDict(extra="ignore", json_schema_extra={"examples": [{"send_key": "enter", "sounds": True}]})

    send_key: Literal["enter", "ctrl-enter"] = "enter"
    """Which key sends; the other one begins a new line."""
    sounds: bool = True
    notify: Literal["all", "mine-and-unassigned", "mine", "none"] = "mine-and-unassigned"
    """Whose new messages are told: by sound, and by the browser when it was allowed."""
    notify_when: Literal["hidden", "always"] = "hidden"
    """Tell only while the console is not in view, or always but for the thread that is open."""


class PreferencesChange(Preferences):
    """Absent fields stay."""


async def of(session: AsyncSession, user_id: str) -> Preferences:
    """A person's preferences, with the defaults where nothing was chosen."""
    row = await session.get(UserPreferences, user_id)
    return Preferences.model_validate(row.chosen if row else {})


async def change(session: AsyncSession, me: Identity, wanted: PreferencesChange) -> Preferences:
    """Choose what is named; the rest stays."""
    row = await session.get(UserPreferences, me.user_id, with_for_update=True)
    chosen = (row.chosen if row else {}) | wanted.model_dump(exclude_unset=True)
    values = {"user_id": me.user_id, "chosen": chosen, "updated_at": now()}
    await upsert(session, UserPreferences, [values], key=["user_id"], update=["chosen", "updated_at"])
    return Preferences.model_validate(chosen)
