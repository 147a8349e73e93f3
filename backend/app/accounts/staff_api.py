"""The JSON door of shops: what visitors see, and the people who act for a shop."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from starlette.requests import Request

from app.accounts import access, shops, staff
from app.accounts.names import USER_ID_PATTERN
from app.accounts.shapes import ShopPublic, StaffCreate, StaffPublic
from app.kernel.config import Settings, settings_of
from app.kernel.db import Database, ReadTx, Tx, database_of
from app.kernel.identity import Merchant
from app.kernel.paging import Listing
from app.kernel.refusals import refusals

router = APIRouter()
Db = Annotated[Database, Depends(database_of)]
InUse = Annotated[Settings, Depends(settings_of)]


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
    """Everybody who acts for the caller's shop, the owner first. The shop's own people only."""
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
async def remove_agent(
    user_id: Annotated[str, Path(pattern=USER_ID_PATTERN, examples=["m7"])], me: Merchant, session: Tx
) -> None:
    """Take an agent off the staff: signed out everywhere and blocked; what the agent wrote stays. The owner only.

    404 for people of other shops, 409 `owner_stays` for the owner.
    """
    await staff.remove(session, me, user_id)
