"""The JSON door of the widget: its look and settings, identity keys, and what a buyer does beside writing."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, Field

from app.accounts import access, identity_keys, widgets
from app.accounts.identity_keys import IdentityKeyPublic, IdentityKeyWithSecret
from app.accounts.names import USER_ID_PATTERN
from app.accounts.widgets import WidgetChange, WidgetPublic, WidgetSettingsPublic
from app.chat import introductions, ratings, transcripts, visits
from app.chat.introductions import Introduction
from app.chat.ratings import RatingCreate, RatingPublic
from app.chat.visits import VisitPublic
from app.kernel.db import ReadTx, Tx
from app.kernel.i18n import locale_of
from app.kernel.identity import Buyer, Me, Merchant, Watcher
from app.kernel.limits import caller_of, limits_of
from app.kernel.models import MAX_BIGINT, PathId
from app.kernel.paging import Listing
from app.kernel.refusals import refusals
from app.messengers import mail

LOOK_SECONDS = 60  # for which a page may keep the look of a widget
TRANSCRIPTS_OF_A_BUYER = "5/hour"
TRANSCRIPTS_TO_AN_ADDRESS = "5/day"  # nobody's mailbox is filled with our letters
TRANSCRIPTS_PER_CALLER = "20/day"
TRANSCRIPTS_OF_A_SHOP = "200/day"  # who has many addresses to call from makes no mailing of a shop's name either

router = APIRouter()
ConversationId = Annotated[int, Path(ge=1, le=MAX_BIGINT, description="The conversation.")]
Shop = Annotated[str, Path(pattern=USER_ID_PATTERN, examples=["m1"])]


def _for_everybody(response: Response) -> None:
    """The loader reads it from the shop's page, which is another origin. It is public, and sent without cookies."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = f"public, max-age={LOOK_SECONDS}"


class TranscriptRequest(BaseModel):
    """Where the buyer wants to have it."""

    email: str = Field(min_length=3, max_length=254, examples=["lin@example.com"])


@router.get(
    "/shops/{merchant_id}/widget",
    tags=["widget"],
    summary="Read the look of a shop's widget",
    responses=refusals(404),
    dependencies=[Depends(_for_everybody)],
)
async def read_look(merchant_id: Shop, session: ReadTx) -> WidgetPublic:
    """Colours, words, languages, what is asked before a conversation. Anyone may, from any origin."""
    return await widgets.public(session, merchant_id)


@router.get("/shop/widget", tags=["widget"], summary="Read the widget's settings", responses=refusals(401, 403))
async def read_widget(me: Merchant, session: ReadTx) -> WidgetSettingsPublic:
    """The settings of the caller's shop; its agents read them, too."""
    return await widgets.read(session, me)


@router.put("/shop/widget", tags=["widget"], summary="Change the widget's settings", responses=refusals(401, 403))
async def change_widget(body: WidgetChange, me: Merchant, session: Tx) -> WidgetSettingsPublic:
    """Set the fields that are sent; the others stay. The owner only (403 `owner_only`)."""
    return await widgets.change(session, me, body)


@router.get("/shop/identity-keys/", tags=["widget"], summary="List identity keys", responses=refusals(401, 403))
async def list_keys(me: Merchant, session: ReadTx) -> Listing[IdentityKeyPublic]:
    """The keys that are believed now, without their secrets. The owner only."""
    found = await identity_keys.listing(session, await access.owned_shop(session, me))
    return Listing(count=len(found), results=found)


@router.post(
    "/shop/identity-keys/",
    tags=["widget"],
    summary="Make an identity key",
    status_code=201,
    responses=refusals(401, 403),
)
async def create_key(me: Merchant, session: Tx) -> IdentityKeyWithSecret:
    """A new key, whose secret is in this answer only. The one before it is good for 24 hours more. The owner only."""
    return await identity_keys.create(session, me)


@router.delete(
    "/shop/identity-keys/{key_id}",
    tags=["widget"],
    summary="Revoke an identity key",
    status_code=204,
    responses=refusals(401, 403, 404),
)
async def revoke_key(key_id: PathId, me: Merchant, session: Tx) -> None:
    """Nothing signed with it is believed any more; sessions that it opened go on. The owner only."""
    await identity_keys.revoke(session, me, key_id)


@router.get(
    "/conversations/{conversation_id}/visit",
    tags=["widget"],
    summary="Read a buyer's visit",
    responses=refusals(401, 403, 404),
)
async def read_visit(conversation_id: ConversationId, me: Watcher, session: ReadTx) -> VisitPublic | None:
    """Language, device and the last 20 pages of the conversation's buyer, and whether the shop's key proved who it is.

    Merchant's side and admins; null when nothing is known.
    """
    return await visits.of_conversation(session, me, conversation_id)


@router.get(
    "/conversations/{conversation_id}/rating", tags=["widget"], summary="Read a rating", responses=refusals(401, 404)
)
async def read_rating(conversation_id: ConversationId, me: Me, session: ReadTx) -> RatingPublic | None:
    """What the buyer thought of it; null before that. Participants and admins."""
    return await ratings.of_conversation(session, me, conversation_id)


@router.post(
    "/conversations/{conversation_id}/rating",
    tags=["widget"],
    summary="Rate a conversation",
    status_code=201,
    responses=refusals(401, 403, 404, 409),
)
async def rate(conversation_id: ConversationId, body: RatingCreate, me: Buyer, session: Tx) -> RatingPublic:
    """Once, by its buyer, when it is resolved. 409 `not_resolved` and `rated_already`."""
    return await ratings.give(session, me, conversation_id, body)


@router.post(
    "/conversations/{conversation_id}/introduction",
    tags=["widget"],
    summary="Say who one is",
    status_code=204,
    responses=refusals(401, 403, 404),
)
async def introduce(conversation_id: ConversationId, body: Introduction, me: Buyer, session: Tx) -> None:
    """What the form before a conversation asked for. It fills gaps in the shop's address book and proves nothing.

    The conversation's buyer only.
    """
    await introductions.introduce(session, me, conversation_id, body)


@router.post(
    "/conversations/{conversation_id}/transcript",
    tags=["widget"],
    summary="Get a conversation by mail",
    status_code=202,
    responses=refusals(400, 401, 403, 404, 409, 429),
)
async def mail_transcript(
    conversation_id: ConversationId, body: TranscriptRequest, request: Request, me: Buyer, session: Tx
) -> None:
    """Mail the own conversation to an address; the newest 200 messages. The conversation's buyer only.

    400 `bad_address`, 409 `nothing_said`; five an hour for one buyer, five a day to one address, 200 a day of one shop.
    """
    to, limits = mail.address(body.email), limits_of(request)
    await limits.hit("transcript-buyer", me.user_id, TRANSCRIPTS_OF_A_BUYER)
    await limits.hit("transcript-caller", caller_of(request), TRANSCRIPTS_PER_CALLER)
    await limits.hit("transcript-address", to.lower(), TRANSCRIPTS_TO_AN_ADDRESS)
    shop = await transcripts.send(session, me, conversation_id, to, locale_of(request))
    await limits.hit("transcript-shop", shop, TRANSCRIPTS_OF_A_SHOP)
