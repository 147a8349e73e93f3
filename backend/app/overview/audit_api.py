"""The JSON door of the audit log."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.kernel.db import ReadTx
from app.kernel.identity import Admin, Merchant
from app.kernel.refusals import refusals
from app.overview import audit_log
from app.overview.audit_log import AuditFilters, AuditPage, LookPage

router = APIRouter(prefix="/audit", tags=["audit"])
Limit = Annotated[int, Query(ge=1, le=200, description="Entries of this answer.")]
Cursor = Annotated[str | None, Query(max_length=100, description="`next_cursor` of the page before.")]


@router.get("/", summary="Read the audit log", responses=refusals(400, 401, 403))
async def read_audit(
    _: Admin, session: ReadTx, filters: Annotated[AuditFilters, Query()], cursor: Cursor = None, limit: Limit = 50
) -> AuditPage:
    """What admins looked at and did, the newest first. Admins only; nobody can change or remove an entry."""
    return await audit_log.listing(session, filters, limit, cursor)


@router.get("/mine", summary="Who of the platform looked at the shop", responses=refusals(400, 401, 403))
async def read_looks(me: Merchant, session: ReadTx, cursor: Cursor = None, limit: Limit = 50) -> LookPage:
    """Which admins saw conversations of the caller's shop, and when. The owner only (403 `owner_only`)."""
    return await audit_log.mine(session, me, limit, cursor)
