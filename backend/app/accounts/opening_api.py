"""The JSON door of working hours."""

from fastapi import APIRouter

from app.accounts import access, opening
from app.accounts.opening import HolidayDraft, HolidayPublic, HoursChange, HoursPublic
from app.kernel.config import InUse
from app.kernel.db import ReadTx, Tx
from app.kernel.identity import Merchant
from app.kernel.models import PathId
from app.kernel.refusals import refusals

router = APIRouter(prefix="/shop/hours", tags=["shops"])


@router.get("", summary="Read the shop's working hours", responses=refusals(401, 403))
async def read_hours(me: Merchant, session: ReadTx, settings: InUse) -> HoursPublic:
    """The week, the holidays ahead, and whether the shop is open now. The shop's own people."""
    return await opening.read(session, settings, access.shop_of(me))


@router.put("", summary="Change the shop's working hours", responses=refusals(401, 403))
async def change_hours(body: HoursChange, me: Merchant, session: Tx, settings: InUse) -> HoursPublic:
    """Set the week and its time zone. The owner only (403 `owner_only`). Seven lists of ranges, from Monday on."""
    await opening.change(session, me, body)
    return await opening.read(session, settings, access.shop_of(me))


@router.post("/holidays/", summary="Add a holiday", status_code=201, responses=refusals(401, 403, 409))
async def add_holiday(body: HolidayDraft, me: Merchant, session: Tx) -> HolidayPublic:
    """One day or several; without `ranges` the shop is closed on them. The owner only."""
    return await opening.add_holiday(session, me, body)


@router.delete("/holidays/{holiday_id}", summary="Remove a holiday", status_code=204, responses=refusals(401, 403, 404))
async def remove_holiday(holiday_id: PathId, me: Merchant, session: Tx) -> None:
    """The owner only. 404 for another shop's."""
    await opening.remove_holiday(session, me, holiday_id)
