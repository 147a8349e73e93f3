"""The JSON door of retention: what a limit would delete."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.accounts.access import shop_of
from app.accounts.shop_settings import MAX_RETENTION_DAYS, MIN_RETENTION_DAYS
from app.chat import retention
from app.chat.retention import RetentionPreview
from app.kernel.db import ReadTx
from app.kernel.identity import Merchant
from app.kernel.refusals import refusals

router = APIRouter(prefix="/shop/settings", tags=["shops"])


@router.get("/retention", summary="What a limit would delete", responses=refusals(401, 403))
async def preview_retention(
    me: Merchant, session: ReadTx, days: Annotated[int, Query(ge=MIN_RETENTION_DAYS, le=MAX_RETENTION_DAYS)]
) -> RetentionPreview:
    """Count the resolved conversations of the caller's shop that have been silent for more than `days` days. Nothing is

    deleted: that happens at night, once the owner has set `retention_days`. The shop's own people.
    """
    return await retention.preview(session, shop_of(me), days)
