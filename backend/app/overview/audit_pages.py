"""The audit log as pages: for admins with filters and CSV, for a shop's owner what concerns the shop."""

import csv
import io
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import ValidationError

from app.accounts import users
from app.accounts.access import owns_shop
from app.accounts.viewers import AdminAtDesk, MerchantAtDesk, viewer
from app.audit.models import Action
from app.kernel.config import settings_of
from app.kernel.db import ReadTx
from app.kernel.html import render
from app.kernel.identity import Role
from app.kernel.paging import MAX_PAGE_SIZE, Page
from app.overview import audit_log
from app.overview.audit_log import AuditFilters

PAGE = 50
MOST_ROWS = 20_000  # of one CSV file; who needs more narrows the days
COLUMNS = ("at", "actor_id", "actor_name", "action", "subject_kind", "subject_id", "merchant_id", "ip", "details")
FORMULAS = ("=", "+", "-", "@", "\t", "\r")

router = APIRouter()
Cursor = Annotated[str, Query(max_length=100)]


@router.get("/admin/audit")
async def audit_page(request: Request, me: AdminAtDesk, session: ReadTx, cursor: Cursor = "") -> Response:
    """What admins looked at and did."""
    settings = settings_of(request)
    asked = {name: request.query_params.get(name, "") for name in AuditFilters.model_fields}
    filters, problem = _filters(asked)
    _, admins = await users.listing(session, settings, Page(page_size=MAX_PAGE_SIZE), Role.ADMIN)
    _, merchants = await users.listing(session, settings, Page(page_size=MAX_PAGE_SIZE), Role.MERCHANT)
    return render(
        request,
        "admin/audit.html",
        422 if problem else 200,
        me=await viewer(request, session, me),
        place="audit",
        found=await audit_log.listing(session, filters, PAGE, cursor or None),
        admins=admins,
        shops=[one for one in merchants if one.merchant_id == one.id],
        actions=[str(action) for action in Action],
        asked=asked,
        query=urlencode({name: value for name, value in asked.items() if value}),
        problem=problem,
        is_first=not cursor,
    )


@router.get("/admin/audit/csv")
async def audit_csv(request: Request, _: AdminAtDesk, session: ReadTx) -> Response:
    """The same entries as a file for a spreadsheet, at most 20 000 of them."""
    filters, _problem = _filters(request.query_params)
    found = await audit_log.listing(session, filters, MOST_ROWS)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for entry in found.results:
        row = entry.model_dump(mode="json") | {"details": orjson.dumps(entry.details).decode() if entry.details else ""}
        writer.writerow([_harmless(row[name]) for name in COLUMNS])
    headers = {"Content-Disposition": 'attachment; filename="parley-audit.csv"', "Cache-Control": "no-store"}
    return Response("\ufeff" + text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/settings/access-log")
async def access_log_page(request: Request, me: MerchantAtDesk, session: ReadTx, cursor: Cursor = "") -> Response:
    """Who of the platform saw the shop's conversations. The owner only."""
    is_owner = await owns_shop(session, me)
    found = await audit_log.mine(session, me, PAGE, cursor or None) if is_owner else None
    frame = await viewer(request, session, me)
    shown: dict[str, Any] = {"found": found, "is_owner": is_owner, "is_first": not cursor}
    return render(request, "settings/access_log.html", me=frame, place="settings", section="access-log", **shown)


def _filters(asked: Mapping[str, str]) -> tuple[AuditFilters, bool]:
    """The filters, and whether something of them made no sense."""
    given = {name: asked[name].strip() for name in AuditFilters.model_fields if asked.get(name, "").strip()}
    try:
        return AuditFilters.model_validate(given), False
    except ValidationError:
        return AuditFilters(), True


def _harmless(value: object) -> str:
    """A spreadsheet takes text that begins like a formula for one."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULAS) else text
