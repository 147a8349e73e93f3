"""Prepared answers as htmx forms: each answer of these routes is the part of the page that changed."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError

from app.accounts.viewers import MerchantAtDesk, viewer
from app.chat import quick_replies
from app.chat.quick_replies import QuickReplyChange, QuickReplyCreate
from app.kernel.db import ReadTx, Tx
from app.kernel.html import render
from app.kernel.paging import MAX_PAGE_SIZE, Page

router = APIRouter(prefix="/inbox/quick-replies")
QuickReplyId = Annotated[int, Path(ge=1, lt=2**63)]
Text = Annotated[str, Form(max_length=20_000)]


@router.get("")
async def quick_replies_page(request: Request, me: MerchantAtDesk, session: ReadTx, q: str = "") -> Response:
    """All of one's own and the team's; `q` narrows, and an htmx request gets the rows only."""
    found = await quick_replies.listing(session, me, Page(page_size=MAX_PAGE_SIZE), q or None)
    rows: dict[str, Any] = {"replies": found.results, "count": found.count, "q": q, "user_id": me.user_id}
    if _is_partial(request):
        return render(request, "chat/_quick_replies.html", **rows)
    return render(
        request,
        "chat/quick_replies.html",
        me=await viewer(request, session, me),
        place="quick-replies",
        typed={},
        problems={},
        **rows,
    )


@router.post("")
async def add_quick_reply(
    request: Request, me: MerchantAtDesk, session: Tx, title: Text = "", content: Text = "", is_shared: bool = False
) -> Response:
    """Add one. 422 shows the form again with what is wrong."""
    typed = {"title": title, "content": content, "is_shared": is_shared}
    try:
        await quick_replies.create(session, me, QuickReplyCreate.model_validate(typed | {"content": content.strip()}))
    except ValidationError as error:
        return render(request, "chat/_quick_reply_form.html", 422, typed=typed, problems=_problems(error))
    if not _is_partial(request):
        return RedirectResponse("/inbox/quick-replies", 303)
    response = render(request, "chat/_quick_reply_form.html", 201, typed={}, problems={})
    response.headers["HX-Trigger"] = "quick-replies-changed"
    return response


@router.get("/{quick_reply_id}")
async def quick_reply_row(
    request: Request, quick_reply_id: QuickReplyId, me: MerchantAtDesk, session: ReadTx, edit: bool = False
) -> Response:
    """One row, to look at or to change."""
    reply = await quick_replies.get(session, me, quick_reply_id)
    template = "chat/_quick_reply_edit.html" if edit else "chat/_quick_reply.html"
    return render(request, template, reply=reply, user_id=me.user_id, problems={})


@router.put("/{quick_reply_id}")
async def change_quick_reply(
    request: Request,
    quick_reply_id: QuickReplyId,
    me: MerchantAtDesk,
    session: Tx,
    title: Text = "",
    content: Text = "",
    is_shared: bool = False,
) -> Response:
    """Change one of one's own."""
    typed = {"title": title, "content": content.strip(), "is_shared": is_shared}
    try:
        change = QuickReplyChange.model_validate(typed)
    except ValidationError as error:
        shown = typed | {"id": quick_reply_id}
        return render(request, "chat/_quick_reply_edit.html", 422, reply=shown, problems=_problems(error))
    reply = await quick_replies.change(session, me, quick_reply_id, change)
    return render(request, "chat/_quick_reply.html", reply=reply, user_id=me.user_id)


@router.delete("/{quick_reply_id}")
async def delete_quick_reply(quick_reply_id: QuickReplyId, me: MerchantAtDesk, session: Tx) -> Response:
    """Delete one of one's own; the row goes."""
    await quick_replies.remove(session, me, quick_reply_id)
    return HTMLResponse("")


def _is_partial(request: Request) -> bool:
    return "hx-request" in request.headers


def _problems(error: ValidationError) -> dict[str, str]:
    return {str(problem["loc"][0]): problem["type"] for problem in error.errors()}
