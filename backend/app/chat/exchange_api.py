"""A token of a shop's server for a session of its customer."""

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field
from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request

from app.accounts import authentication, customers, sessions, tokens
from app.accounts.authentication import client_of
from app.accounts.customers import MAX_TOKEN
from app.accounts.models import SessionKind
from app.accounts.names import USER_ID_PATTERN
from app.accounts.sessions import SignedIn
from app.accounts.shapes import Tokens, UserPublic
from app.chat import moving
from app.chat.api import TheDesk
from app.kernel.config import InUse
from app.kernel.db import Db
from app.kernel.limits import caller_of, limits_of
from app.kernel.refusals import refusals

PER_ADDRESS = "60/minute"  # an office behind one address still signs in
PER_SHOP = "1200/minute"

router = APIRouter(prefix="/auth", tags=["auth"])


class Exchange(BaseModel):
    """A token that the shop's server signed with its identity key: HS256, with `sub` and `exp`."""

    shop: str = Field(pattern=USER_ID_PATTERN, examples=["m1"])
    token: str = Field(min_length=1, max_length=MAX_TOKEN)
    visitor_token: str | None = Field(default=None, max_length=tokens.MAX_LENGTH)
    """The access token of the visitor whom this turns out to be: the proof that what the visitor said may move."""
    only_known: bool = False
    """204 for a customer who has never written here, and no row is made."""


class Exchanged(Tokens):
    """A session of the shop's customer."""

    moved: int
    """How many of the visitor's conversations are the customer's now."""


@router.post(
    "/exchange",
    summary="Sign in a shop's customer",
    response_model=Exchanged,
    responses={
        204: {"description": "A customer who has never written here (`only_known`)."},
        **refusals(401, 403, 404, 429),
    },
)
async def exchange(body: Exchange, request: Request, db: Db, settings: InUse, desk: TheDesk) -> Exchanged | Response:
    """Begin a session for the customer whom the shop's own server names. Anyone who has such a token may.

    The token is a JWT by HS256 with the shop's identity key: `sub` is the shop's id of the customer, `exp` at most 24
    hours ahead; `name`, `email` and `phone` may be in it. The same `sub` of the same shop is always the same buyer.
    With `visitor_token` the conversations that this visitor had with this shop become the customer's; without that
    proof nothing moves, whatever name or address is told. With `only_known` a customer who has never written here gets
    204, and nothing is stored. 401 `identity_invalid`, `identity_expired`.
    """
    await limits_of(request).hit("exchange-address", caller_of(request), PER_ADDRESS)
    async with db.reading() as session:
        customer = await customers.proven(session, settings, body.shop, body.token)
    # After the proof: who has none must not use up what the shop's customers have.
    await limits_of(request).hit("exchange-shop", body.shop, PER_SHOP)
    visitor = None
    if body.visitor_token:
        visitor = await authentication.authenticate_token(db, settings, body.visitor_token)

    async def begin(session: AsyncSession) -> tuple[SignedIn | None, list[int]]:
        if body.only_known and not await customers.is_known(session, body.shop, customer):
            return None, []
        user_id = await customers.buyer_of(session, body.shop, customer)
        moved = await moving.move(session, visitor, body.shop, user_id) if visitor else []
        client = client_of(request)
        return await sessions.begin_for(session, settings, user_id, client, SessionKind.IDENTITY), moved

    try:
        signed_in, moved = await db.write(begin)
    except IntegrityError:  # the same customer on another device was faster: the buyer is there now
        signed_in, moved = await db.write(begin)
    if signed_in is None:
        return Response(status_code=204)
    for number in moved:
        desk.parties.pop(number, None)
    access_token, expires_in = tokens.access(settings, signed_in.user, None, signed_in.session)
    return Exchanged(
        access_token=access_token,
        refresh_token=signed_in.refresh_token,
        expires_in=expires_in,
        user=UserPublic.of(settings, signed_in.user, None),
        moved=len(moved),
    )
