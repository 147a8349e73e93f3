"""The JSON door of a shop's settings."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.accounts import shop_settings
from app.accounts.names import USER_ID_PATTERN
from app.accounts.shop_settings import ShopSettingsChange, ShopSettingsPublic
from app.kernel.db import ReadTx, Tx
from app.kernel.identity import Merchant, Watcher
from app.kernel.refusals import refusals

router = APIRouter(prefix="/shop/settings", tags=["shops"])


@router.get("", summary="Read a shop's settings", responses=refusals(400, 401, 403, 404))
async def read_settings(
    me: Watcher,
    session: ReadTx,
    merchant_id: Annotated[
        str | None, Query(pattern=USER_ID_PATTERN, description="For admins: which shop.", examples=["m1"])
    ] = None,
) -> ShopSettingsPublic:
    """The settings of the caller's shop; its agents read them, too. Admins name a shop (400 `shop_missing`).

    404 `shop_not_found` for a shop that is not one's own.
    """
    return await shop_settings.read(session, me, merchant_id)


@router.put("", summary="Change the shop's settings", responses=refusals(401, 403))
async def change_settings(body: ShopSettingsChange, me: Merchant, session: Tx) -> ShopSettingsPublic:
    """Set the fields that are sent; the others stay. The owner of the shop only (403 `owner_only`).

    422 `warning_too_early` when the warning would come before the buyer's silence begins.
    """
    return await shop_settings.change(session, me, body)
