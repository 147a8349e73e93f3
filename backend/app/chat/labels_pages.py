"""The labels of a shop as a page: the owner names, colours, merges and deletes them, agents look."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.access import owns_shop
from app.accounts.viewers import MerchantAtDesk, viewer
from app.chat import labels
from app.chat.labels import LabelChange, LabelCreate
from app.chat.labels_models import LabelColor
from app.kernel import forms
from app.kernel.db import Database, ReadTx, Tx, database_of
from app.kernel.errors import AppError
from app.kernel.html import render
from app.kernel.i18n import locale_of, sentence, translate
from app.kernel.identity import Identity
from app.kernel.models import PathId

BASE = "/settings/labels"
FIELDS = ("name", "color", "description")
NAME_WRONG = sentence("A label has 1 to 40 characters.")
router = APIRouter(prefix=BASE)
LabelId = PathId
Work = Callable[[AsyncSession], Awaitable[object]]


@router.get("")
async def labels_page(request: Request, me: MerchantAtDesk, session: ReadTx) -> Response:
    """All labels with their colours, and how many conversations bear each."""
    return await _page(request, session, me)


@router.post("")
async def add_label(request: Request, me: MerchantAtDesk) -> Response:
    """Add one, or show the page again with what is wrong."""
    typed = await _typed(request)
    return await _tried(
        request, me, "new", typed, lambda session: labels.create(session, me, LabelCreate.model_validate(typed))
    )


@router.post("/{label_id}")
async def change_label(request: Request, label_id: LabelId, me: MerchantAtDesk) -> Response:
    """Rename, recolour, describe."""
    typed = await _typed(request)

    async def change(session: AsyncSession) -> None:
        await labels.change(session, me, label_id, LabelChange.model_validate(typed))

    return await _tried(request, me, str(label_id), typed, change)


@router.post("/{label_id}/merge")
async def merge_label(request: Request, label_id: LabelId, me: MerchantAtDesk, session: Tx) -> Response:
    """Make it another one on every conversation."""
    async with forms.opened(request) as form:
        into = str(form.get("into", ""))
    if into.isascii() and into.isdigit():
        await labels.merge(session, me, label_id, int(into))
    return RedirectResponse(BASE, 303)


@router.post("/{label_id}/delete")
async def delete_label(label_id: LabelId, me: MerchantAtDesk, session: Tx) -> Response:
    """Delete one; it goes from every conversation."""
    await labels.remove(session, me, label_id)
    return RedirectResponse(BASE, 303)


async def _typed(request: Request) -> dict[str, str]:
    async with forms.opened(request) as form:
        return {name: str(form.get(name, "")).strip() for name in FIELDS}


async def _tried(request: Request, me: Identity, where: str, typed: dict[str, str], work: Work) -> Response:
    db: Database = database_of(request)
    try:
        await db.write(work)
    except ValidationError:
        problem = translate(NAME_WRONG, locale_of(request))
    except AppError as error:
        if error.status not in (409, 422):
            raise
        problem = translate(error.text, locale_of(request), **error.params)
    else:
        return RedirectResponse(BASE, 303)
    async with db.reading() as session:
        return await _page(request, session, me, 422, wrong=where, typed=typed, problem=problem)


async def _page(
    request: Request, session: AsyncSession, me: Identity, status_code: int = 200, **shown: Any
) -> Response:
    found = await labels.shown(session, me)
    nothing = {"wrong": "", "typed": {"name": "", "color": "jade", "description": ""}, "problem": ""}
    return render(
        request,
        "labels/index.html",
        status_code,
        me=await viewer(request, session, me),
        place="settings",
        section="labels",
        base=BASE,
        labels=found.results,
        colors=[str(color) for color in LabelColor],
        is_owner=await owns_shop(session, me),
        **(nothing | shown),
    )
