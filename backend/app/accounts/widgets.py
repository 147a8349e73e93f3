"""What a shop decides of its widget: look, words, what is asked before a conversation, where it may be embedded."""

import re
from enum import StrEnum
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from sqlmodel import Field as Column
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import access, colours
from app.accounts.models import USER_ID_LENGTH
from app.accounts.names import Line
from app.kernel.clock import now
from app.kernel.errors import NotFound
from app.kernel.identity import Identity
from app.kernel.models import UserId, time_column
from app.kernel.sql import upsert

MAX_DOMAINS = 20
TINT = 0.1  # of the colour in the paper behind what is chosen
DEFAULT_COLOUR = "#16765a"
_HOST = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(:[0-9]{1,5})?")


class Asked(StrEnum):
    """Whether a field of the form before a conversation is shown."""

    OFF = "off"
    OPTIONAL = "optional"
    REQUIRED = "required"


def colour(text: str) -> str:
    """`#rrggbb` in lower case."""
    found = text.strip().lower()
    if not colours.HEX.fullmatch(found):
        raise ValueError("a colour is written as #16765a")
    return found


def domain(text: str) -> str:
    """A host as `frame-ancestors` takes it: `shop.example.com`, `*.example.com`, with a port if need be."""
    found = re.sub(r"^https?://", "", text.strip().lower()).split("/")[0]
    if len(found) > 253 or not _HOST.fullmatch(found):
        raise ValueError("a domain is written as shop.example.com or *.example.com")
    return found


def _languages(chosen: list[str]) -> list[str]:
    if not chosen:
        raise ValueError("at least one language")
    return list(dict.fromkeys(chosen))


Domain = Annotated[str, AfterValidator(domain)]
Colour = Annotated[str, AfterValidator(colour)]
Language = Literal["en", "zh-CN"]


class WidgetLook(BaseModel):
    """What everybody may see of a widget."""

    color: Colour = DEFAULT_COLOUR
    position: Literal["end", "start"] = "end"
    launcher_text: Annotated[Line, Field(max_length=40)] = ""
    """Beside the launcher; empty: the round button alone."""
    title: Annotated[Line, Field(max_length=80)] = ""
    tagline: Annotated[Line, Field(max_length=160)] = ""
    languages: Annotated[list[Language], AfterValidator(_languages)] = ["en", "zh-CN"]
    """The visitor's own when it is among these, else the first."""
    theme: Literal["auto", "light", "dark"] = "auto"
    ask_name: Asked = Asked.OFF
    ask_email: Asked = Asked.OFF
    ask_phone: Asked = Asked.OFF
    ask_question: Asked = Asked.OFF
    consent: Annotated[Line, Field(max_length=300)] = ""
    """To be ticked before the first message; empty: nothing is asked."""
    ask_rating: bool = True
    show_team: bool = True


class WidgetChange(WidgetLook):
    """All of a widget's settings. The owner sets them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"color": "#16765a", "tagline": "大米、礼盒、订单，都可以问", "allowed_domains": ["*.example.com"]}
            ]
        }
    )

    allowed_domains: Annotated[list[Domain], Field(max_length=MAX_DOMAINS)] = []
    """Where the widget may be embedded; empty: anywhere."""


class WidgetSettingsPublic(WidgetChange):
    """A shop's own view of its widget."""

    merchant_id: UserId


class WidgetPublic(WidgetLook):
    """What the loader needs of a shop before anything is opened. `on_color` is read on `color`."""

    merchant_id: UserId
    on_color: str


class WidgetSettings(SQLModel, table=True):
    """A shop without a row has the defaults."""

    __tablename__ = "widget_settings"

    merchant_id: UserId = Column(
        primary_key=True, foreign_key="users.id", ondelete="CASCADE", max_length=USER_ID_LENGTH
    )
    chosen: dict[str, Any] = Column(default_factory=dict, sa_type=sa.JSON)
    updated_at: int = time_column(default_factory=now)


async def of(session: AsyncSession, merchant_id: str) -> WidgetChange:
    """A shop's widget, or the defaults."""
    row = await session.get(WidgetSettings, merchant_id)
    return WidgetChange.model_validate(row.chosen if row else {})


async def public(session: AsyncSession, merchant_id: str) -> WidgetPublic:
    """The look of a shop's widget; 404 when there is no such shop."""
    if not await access.is_shop(session, merchant_id):
        raise NotFound("shop_not_found", "There is no such shop.")
    return shown(merchant_id, await of(session, merchant_id))


def shown(merchant_id: str, settings: WidgetLook) -> WidgetPublic:
    """The part of `settings` that leaves to everybody."""
    look = settings.model_dump(include=set(WidgetLook.model_fields))
    return WidgetPublic(**look, merchant_id=merchant_id, on_color=colours.readable_on(settings.color))


async def read(session: AsyncSession, me: Identity) -> WidgetSettingsPublic:
    """The settings of the caller's shop; its agents read them, too."""
    merchant_id = access.shop_of(me)
    return WidgetSettingsPublic(merchant_id=merchant_id, **(await of(session, merchant_id)).model_dump())


async def change(session: AsyncSession, me: Identity, wanted: WidgetChange) -> WidgetSettingsPublic:
    """Set what is named; absent fields stay. The owner only (403)."""
    merchant_id = await access.owned_shop(session, me)
    before = await of(session, merchant_id)
    after = WidgetChange.model_validate(before.model_dump() | wanted.model_dump(exclude_unset=True))
    values = {"merchant_id": merchant_id, "chosen": after.model_dump(mode="json"), "updated_at": now()}
    await upsert(session, WidgetSettings, [values], key=["merchant_id"], update=["chosen", "updated_at"])
    return WidgetSettingsPublic(merchant_id=merchant_id, **after.model_dump())


def frame_ancestors(settings: WidgetChange) -> str:
    """Who may put the chat into a frame, as a content policy says it."""
    return " ".join(["'self'", *settings.allowed_domains]) if settings.allowed_domains else "*"


def stylesheet(look: WidgetLook) -> str:
    """The shop's colour in the names of `css/tokens.css`, each readable where it is used."""
    colour = look.color
    papers = (colours.LIGHT_PAPER, colours.DARK_PAPER)
    tints = [colours.mixed(paper, colour, TINT) for paper in papers]
    inks = [ink_of(colour, paper) for paper in papers]
    rules = {
        "mine": colour,
        "on-mine": colours.readable_on(colour),
        "jade": _pair(inks),
        "on-jade": _pair([colours.readable_on(ink) for ink in inks]),
        "jade-hover": "color-mix(in oklch, var(--jade) 88%, var(--ink))",
        "jade-ink": _pair(inks),
        "jade-tint": _pair(tints),
    }
    return "@layer pages{:root{" + "".join(f"--{name}:{value};" for name, value in rules.items()) + "}}\n"


def ink_of(colour: str, paper: str) -> str:
    """`colour` as text, readable on the paper and on its tint."""
    return colours.as_text_on(colours.as_text_on(colour, colours.mixed(paper, colour, TINT)), paper)


def _pair(of_both: list[str]) -> str:
    return f"light-dark({of_both[0]}, {of_both[1]})"
