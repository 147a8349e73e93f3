"""The JSON door of shops: what visitors see, and the people who act for a shop."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request

from app.accounts import access, invitations, shops, staff
from app.accounts.invitations import InvitationDraft, InvitationPublic, InvitationWithLink
from app.accounts.names import USER_ID_PATTERN
from app.accounts.shapes import AvailabilityChange, ShopPublic, StaffChange, StaffCreate, StaffPublic
from app.kernel.config import InUse
from app.kernel.db import Db, ReadTx, Tx
from app.kernel.identity import Merchant
from app.kernel.limits import limits_of
from app.kernel.models import PathId
from app.kernel.paging import Listing
from app.kernel.refusals import refusals

INVITATIONS = "60/hour"  # of one shop: each may be a mail

router = APIRouter()
MemberId = Annotated[str, Path(pattern=USER_ID_PATTERN, examples=["m7"])]


@router.get("/shops/{merchant_id}", tags=["shops"], summary="Read a shop", responses=refusals(404))
async def read_shop(
    merchant_id: Annotated[str, Path(pattern=USER_ID_PATTERN, examples=["m1"])],
    session: ReadTx,
    settings: InUse,
    request: Request,
) -> ShopPublic:
    """What a visitor sees before the first message. Anyone may. 404 when there is no such shop.

    `online`: somebody of the shop is at the desk now.
    """
    # Presence belongs to a room above this one; the assembly hands its question down.
    is_online: bool = request.app.state.is_online(merchant_id)
    return await shops.get(session, settings, merchant_id, is_online)


@router.get("/staff/", tags=["staff"], summary="List the shop's staff", responses=refusals(401, 403))
async def list_staff(me: Merchant, session: ReadTx, settings: InUse) -> Listing[StaffPublic]:
    """Everybody who acts for the caller's shop, the owners first. The shop's own people only."""
    results = await staff.listing(session, settings, access.shop_of(me))
    return Listing(count=len(results), results=results)


@router.post("/staff/", tags=["staff"], summary="Add an agent", status_code=201, responses=refusals(401, 403, 409))
async def add_agent(body: StaffCreate, me: Merchant, db: Db, settings: InUse) -> StaffPublic:
    """Make an account that acts for the caller's shop. The owner only (403 `owner_only`). 409 `username_taken`."""
    return await staff.add(db, settings, me, body)


@router.delete(
    "/staff/{user_id}",
    tags=["staff"],
    summary="Remove an agent",
    status_code=204,
    responses=refusals(401, 403, 404, 409),
)
async def remove_agent(user_id: MemberId, me: Merchant, session: Tx) -> None:
    """Take an agent off the staff: signed out everywhere and blocked; what the agent wrote stays. Owners only.

    What the agent was in charge of goes back to nobody. 404 for people of other shops, 409 `owner_stays` for the
    shop's own account, `not_yourself` for one's own.
    """
    await staff.remove(session, me, user_id)


@router.put("/staff/me/availability", tags=["staff"], summary="Say online, busy or away", responses=refusals(401, 403))
async def choose_availability(body: AvailabilityChange, me: Merchant, session: Tx) -> AvailabilityChange:
    """What the caller says of oneself; the team is told. Only `online` people are given new conversations."""
    await staff.choose(session, me, body.availability)
    return body


@router.put("/staff/{user_id}", tags=["staff"], summary="Change an agent", responses=refusals(401, 403, 404, 409))
async def change_agent(user_id: MemberId, body: StaffChange, me: Merchant, session: Tx, settings: InUse) -> StaffPublic:
    """Role and capacity; absent fields stay. Owners only. A shop may have several owners.

    409 `owner_stays` for the role of the shop's own account, `not_yourself` for one's own role.
    """
    return await staff.change(session, settings, me, user_id, body)


@router.get("/staff/invitations/", tags=["staff"], summary="List invitations", responses=refusals(401, 403))
async def list_invitations(me: Merchant, session: ReadTx) -> Listing[InvitationPublic]:
    """Those of the last thirty days, newest first. Owners only."""
    results = await invitations.listing(session, me)
    return Listing(count=len(results), results=results)


@router.post(
    "/staff/invitations/",
    tags=["staff"],
    summary="Invite somebody",
    status_code=201,
    responses=refusals(400, 401, 403, 409, 429),
)
async def invite(body: InvitationDraft, me: Merchant, session: Tx, request: Request) -> InvitationWithLink:
    """A link that makes one account for the caller's shop, within seven days. Owners only.

    The `url` is in this answer only; with `email` it is also sent there. 409 `too_many_invitations` beyond fifty.
    """
    await limits_of(request).hit("invitations", access.shop_of(me), INVITATIONS)
    return await invitations.create(session, me, body)


@router.delete(
    "/staff/invitations/{invitation_id}",
    tags=["staff"],
    summary="Take an invitation back",
    status_code=204,
    responses=refusals(401, 403, 404),
)
async def revoke_invitation(invitation_id: PathId, me: Merchant, session: Tx) -> None:
    """The link stops working. Owners only; 404 for another shop's, and for one that was used."""
    await invitations.revoke(session, me, invitation_id)
