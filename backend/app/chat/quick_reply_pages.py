"""Prepared answers as htmx forms: each answer of these routes is the part of the page that changed."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.access import owns_shop
from app.accounts.viewers import MerchantAtDesk, viewer
from app.chat import quick_replies
from app.chat.models import QuickReplyPublic
from app.chat.quick_replies import VARIABLES, Order, QuickReplyChange, QuickReplyCreate, may_change
from app.kernel.db import ReadTx, Tx
from app.kernel.errors import AppError
from app.kernel.html import render
from app.kernel.i18n import locale_of, translate
from app.kernel.identity import Identity
from app.kernel.models import PathId
from app.kernel.paging import MAX_PAGE, Page

BASE = "/inbox/quick-replies"
ROWS = 50
router = APIRouter(prefix=BASE)
QuickReplyId = PathId
Text = Annotated[str, Form(max_length=20_000)]
Ids = Annotated[list[str] | None, Form(max_length=20)]


@router.get("")
async def quick_replies_page(
    request: Request,
    me: MerchantAtDesk,
    session: ReadTx,
    q: Annotated[str, Query(max_length=100)] = "",
    folder: Annotated[str | None, Query(max_length=60)] = None,
    sort: Order = Order.TITLE,
    page: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 1,
) -> Response:
    """One's own and the team's by folder; an htmx request gets the rows only."""
    rows = await _rows(session, me, q, folder, sort, page)
    if _is_partial(request):
        return render(request, "chat/_quick_replies.html", **rows)
    return await _page(request, session, me, rows)


@router.post("")
async def add_quick_reply(
    request: Request,
    me: MerchantAtDesk,
    session: Tx,
    title: Text = "",
    content: Text = "",
    folder: Text = "",
    is_shared: bool = False,
    attachment_ids: Ids = None,
) -> Response:
    """Add one. 422 shows the form again with what is wrong."""
    typed = _typed(title, content, folder, is_shared, attachment_ids)
    problems, made = {}, None
    try:
        made = await quick_replies.create(session, me, QuickReplyCreate.model_validate(typed))
    except (ValidationError, AppError) as error:
        problems = _problems(request, error)
    if not _is_partial(request):
        if made is not None:
            return RedirectResponse(BASE, 303)
        rows = await _rows(session, me, "", None, Order.TITLE, 1)
        return await _page(request, session, me, rows, typed, problems, 422)
    shown = await _form_facts(session, me)
    if made is None:
        return render(request, "chat/_quick_reply_form.html", 422, typed=typed, problems=problems, **shown)
    fresh = {"folder": typed["folder"], "is_shared": is_shared}  # the next one often belongs beside it
    response = render(request, "chat/_quick_reply_form.html", 201, typed=fresh, problems={}, **shown)
    response.headers["HX-Trigger"] = "quick-replies-changed"
    return response


@router.get("/{quick_reply_id}")
async def quick_reply_row(
    request: Request, quick_reply_id: QuickReplyId, me: MerchantAtDesk, session: ReadTx, edit: bool = False
) -> Response:
    """One row, to look at or to change."""
    reply = await quick_replies.get(session, me, quick_reply_id)
    return await _row(request, session, me, reply, is_form=edit)


@router.put("/{quick_reply_id}")
@router.post("/{quick_reply_id}")
async def change_quick_reply(
    request: Request,
    quick_reply_id: QuickReplyId,
    me: MerchantAtDesk,
    session: Tx,
    title: Text = "",
    content: Text = "",
    folder: Text = "",
    is_shared: bool = False,
    attachment_ids: Ids = None,
) -> Response:
    """Change one of one's own, or as the owner one of the team's."""
    typed = _typed(title, content, folder, is_shared, attachment_ids)
    try:
        change = QuickReplyChange.model_validate(typed)
        reply = await quick_replies.change(session, me, quick_reply_id, change)
    except (ValidationError, AppError) as error:
        problems = _problems(request, error)
        before = await quick_replies.get(session, me, quick_reply_id)
        shown = before.model_copy(update={name: typed[name] for name in ("title", "content", "folder", "is_shared")})
        return await _row(request, session, me, shown, is_form=True, problems=problems)
    if not _is_partial(request):
        return RedirectResponse(BASE, 303)
    return await _row(request, session, me, reply)


@router.post("/{quick_reply_id}/copy")
async def copy_quick_reply(request: Request, quick_reply_id: QuickReplyId, me: MerchantAtDesk, session: Tx) -> Response:
    """The same once more as one's own, ready to be changed."""
    copy = await quick_replies.duplicate(session, me, quick_reply_id)
    if not _is_partial(request):
        return RedirectResponse(f"{BASE}/{copy.id}?edit=true", 303)
    return await _row(request, session, me, copy, is_form=True)


@router.delete("/{quick_reply_id}")
async def delete_quick_reply(quick_reply_id: QuickReplyId, me: MerchantAtDesk, session: Tx) -> Response:
    """Delete one of one's own, or as the owner one of the team's; the row goes."""
    await quick_replies.remove(session, me, quick_reply_id)
    return HTMLResponse("")


async def _rows(
    session: AsyncSession, me: Identity, q: str, folder: str | None, sort: Order, page: int
) -> dict[str, Any]:
    found = await quick_replies.listing(session, me, Page(page=page, page_size=ROWS), q or None, folder, sort)
    owns = await owns_shop(session, me)
    return {
        "replies": [(reply, may_change(me, reply, owns=owns)) for reply in found.results],
        "count": found.count,
        "q": q,
        "folder": folder,
        "sort": str(sort),
        "number": page,
        "has_more": page * ROWS < found.count,
        "user_id": me.user_id,
    }


async def _form_facts(session: AsyncSession, me: Identity) -> dict[str, Any]:
    return {"folders": await quick_replies.folders(session, me), "variables": VARIABLES}


async def _page(
    request: Request,
    session: AsyncSession,
    me: Identity,
    rows: dict[str, Any],
    typed: dict[str, Any] | None = None,
    problems: dict[str, str] | None = None,
    status_code: int = 200,
) -> Response:
    folders = await _form_facts(session, me)
    return render(
        request,
        "chat/quick_replies.html",
        status_code,
        me=await viewer(request, session, me),
        place="settings",
        section="quick-replies",
        base=BASE,
        typed=typed or {},
        problems=problems or {},
        total=sum(one.count for one in folders["folders"]),
        **folders,
        **rows,
    )


async def _row(
    request: Request,
    session: AsyncSession,
    me: Identity,
    reply: QuickReplyPublic,
    *,
    is_form: bool = False,
    problems: dict[str, str] | None = None,
) -> Response:
    is_mine = may_change(me, reply, owns=await owns_shop(session, me))
    shown = {"reply": reply, "may_change": is_mine, "user_id": me.user_id, "problems": problems or {}}
    shown |= await _form_facts(session, me)
    status_code = 422 if problems else 200
    if not _is_partial(request):
        frame = {"me": await viewer(request, session, me), "place": "settings", "section": "quick-replies"}
        return render(request, "chat/quick_reply.html", status_code, is_form=is_form, base=BASE, **shown, **frame)
    template = "chat/_quick_reply_edit.html" if is_form else "chat/_quick_reply.html"
    return render(request, template, status_code, **shown)


def _typed(title: str, content: str, folder: str, is_shared: bool, attachment_ids: list[str] | None) -> dict[str, Any]:
    return {
        "title": title.strip(),
        "content": content.strip(),
        "folder": folder,
        "is_shared": is_shared,
        "attachment_ids": [number for number in attachment_ids or [] if number],
    }


def _is_partial(request: Request) -> bool:
    return "hx-request" in request.headers


def _problems(request: Request, error: ValidationError | AppError) -> dict[str, str]:
    """By field; 403 and 404 for the reply itself are the page's, not the form's."""
    if isinstance(error, ValidationError):
        return {str(problem["loc"][0]): problem["type"] for problem in error.errors()}
    if error.status not in (409, 422) and error.code != "attachment_not_found":
        raise error
    return {"attachment_ids": translate(error.text, locale_of(request), **error.params)}
