"""API keys as a page: made, shown once, revoked. The owner of the shop only; agents read why."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import api_keys
from app.accounts.access import owns_shop
from app.accounts.api_keys import ApiKeyCreate
from app.accounts.viewers import MerchantAtDesk, viewer
from app.kernel import forms
from app.kernel.clock import now
from app.kernel.db import Database, ReadTx, Tx, database_of
from app.kernel.errors import AppError
from app.kernel.html import render
from app.kernel.i18n import locale_of, sentence, translate
from app.kernel.identity import Identity
from app.kernel.models import PathId

BASE = "/settings/api-keys"
DAYS = (30, 90, 365)
NAME_WRONG = sentence("Give the key a name of 1 to 80 characters.")
router = APIRouter(prefix=BASE)


@router.get("")
async def keys_page(request: Request, me: MerchantAtDesk, session: ReadTx) -> Response:
    """The shop's keys, without their secrets."""
    return await _page(request, session, me)


@router.post("")
async def create_key(request: Request, me: MerchantAtDesk) -> Response:
    """Make one and show it, this once."""
    db: Database = database_of(request)
    async with forms.opened(request) as form:
        typed = {"name": str(form.get("name", "")).strip(), "days": str(form.get("days", ""))}
    try:
        draft = ApiKeyCreate.model_validate({"name": typed["name"], "days": typed["days"] or None})
        made = await db.write(lambda session: api_keys.create(session, me, draft))
    except ValidationError:
        problem = translate(NAME_WRONG, locale_of(request))
    except AppError as error:
        if error.status not in (409, 422):
            raise
        problem = translate(error.text, locale_of(request), **error.params)
    else:
        async with db.reading() as session:
            return await _page(request, session, me, 201, made=made)
    async with db.reading() as session:
        return await _page(request, session, me, 422, typed=typed, problem=problem)


@router.post("/{key_id}/revoke")
async def revoke_key(key_id: PathId, me: MerchantAtDesk, session: Tx) -> Response:
    """It stops working at once."""
    await api_keys.revoke(session, me, key_id)
    return RedirectResponse(BASE, 303)


async def _page(
    request: Request, session: AsyncSession, me: Identity, status_code: int = 200, **shown: Any
) -> Response:
    is_owner = await owns_shop(session, me)
    found = (await api_keys.listing(session, me)).results if is_owner else []
    return render(
        request,
        "api_keys/index.html",
        status_code,
        me=await viewer(request, session, me),
        place="settings",
        section="api-keys",
        base=BASE,
        days=DAYS,
        at=now(),
        keys=found,
        is_owner=is_owner,
        **({"made": None, "typed": {"name": "", "days": ""}, "problem": ""} | shown),
    )
