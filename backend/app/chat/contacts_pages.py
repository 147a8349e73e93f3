"""The pages of the address book: the list, one contact, and what is done to it. Forms work without scripts."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from pydantic import ValidationError
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import access
from app.accounts.viewers import MerchantAtDesk, viewer
from app.chat import contacts, contacts_csv, contacts_details, contacts_erasing, contacts_standing, labels
from app.chat.contacts import ContactFilters, Sort
from app.chat.contacts_api import ContactId
from app.chat.contacts_models import ContactBlock, ContactChange, ContactCreate, ContactMerge, ContactPublic
from app.chat.exports.orders import ExportOrder, Format
from app.jobs import queue
from app.kernel.db import Db, ReadTx, Tx
from app.kernel.errors import AppError, Conflict
from app.kernel.html import render
from app.kernel.i18n import locale_of, translate
from app.kernel.identity import Identity
from app.kernel.models import MAX_BIGINT
from app.kernel.paging import Page

PAGE_SIZE = 50
FIELDS = ("name", "email", "phone", "company", "note")

router = APIRouter()
Text = Annotated[str, Form(max_length=4000)]
Asked = Annotated[str, Query(max_length=100)]


@router.get("/contacts")
async def contacts_page(
    request: Request,
    me: MerchantAtDesk,
    session: ReadTx,
    q: Asked = "",
    sort: Sort = Sort.SEEN,
    show: Annotated[str, Query(pattern="^(|blocked|email)$")] = "",
    cursor: Annotated[str | None, Query(max_length=300)] = None,
) -> Response:
    """The list; an htmx request gets the rows, with a cursor the next ones."""
    filters = _filters(q, show)
    found = await contacts.listing(session, me, filters, Page(page_size=PAGE_SIZE), sort, cursor)
    is_online = request.app.state.is_online
    shown: dict[str, Any] = {
        "contacts": [(one, any(is_online(customer.id) for customer in one.customers)) for one in found.results],
        "count": found.count,
        "next_cursor": found.next_cursor,
        "asked": {"q": q, "sort": sort.value, "show": show},
        "query": urlencode({"q": q, "sort": sort.value, "show": show}),
        "is_first": cursor is None,
    }
    if "hx-request" in request.headers:
        return render(request, "contacts/_rows.html" if cursor else "contacts/_list.html", **shown)
    return render(request, "contacts/contacts.html", **await _frame(request, session, me), **shown)


@router.get("/contacts/export.csv")
async def contacts_as_csv(
    request: Request, me: MerchantAtDesk, db: Db, q: Asked = "", show: Asked = ""
) -> StreamingResponse:
    """What the list shows, for spreadsheets; read page by page while it is sent."""
    lines: AsyncIterator[str] = contacts_csv.lines(db, me, _filters(q, show), locale_of(request))
    headers = {"Content-Disposition": 'attachment; filename="contacts.csv"', "Cache-Control": "no-store"}
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/contacts/new")
async def new_contact_page(request: Request, me: MerchantAtDesk, session: ReadTx) -> Response:
    """The form for one who has not written yet."""
    return await _form(request, session, me, dict.fromkeys(FIELDS, ""), {})


@router.post("/contacts/new")
async def add_contact(
    request: Request, me: MerchantAtDesk, session: Tx, name: Text = "", email: Text = "", phone: Text = "",
    company: Text = "", note: Text = "",
) -> Response:  # fmt: skip
    """Add it and go there; 422 and 409 show what is wrong."""
    typed = {"name": name, "email": email, "phone": phone, "company": company, "note": note}
    try:
        made = await contacts.create(session, me, ContactCreate.model_validate(_meant(typed)))
    except ValidationError as error:
        return await _form(request, session, me, typed, {str(one["loc"][0]): "" for one in error.errors()}, 422)
    except AppError as error:
        said = translate(error.text, locale_of(request))
        await session.rollback()
        return await _form(request, session, me, typed, {"": said}, error.status)
    return RedirectResponse(f"/contacts/{made.id}", 303)


@router.get("/contacts/{contact_id}")
async def contact_page(request: Request, contact_id: ContactId, me: MerchantAtDesk, session: ReadTx) -> Response:
    """One contact; 404 for a foreign one."""
    return await _page(request, session, me, contact_id)


@router.post("/contacts/{contact_id}")
async def change_contact(
    request: Request, contact_id: ContactId, me: MerchantAtDesk, session: Tx, name: Text = "", email: Text = "",
    phone: Text = "", company: Text = "", note: Text = "",
) -> Response:  # fmt: skip
    """All facts at once, where no script saves each by itself."""
    typed = {"name": name, "email": email, "phone": phone, "company": company, "note": note}
    try:
        await contacts.change(session, me, contact_id, ContactChange.model_validate(_meant(typed)))
    except ValidationError as error:
        return await _page(request, session, me, contact_id, 422, {str(one["loc"][0]): "" for one in error.errors()})
    except Conflict as error:
        said = translate(error.text, locale_of(request))
        await session.rollback()
        return await _page(request, session, me, contact_id, 409, {"": said})
    return RedirectResponse(f"/contacts/{contact_id}", 303)


@router.post("/contacts/{contact_id}/block")
async def block_contact(contact_id: ContactId, me: MerchantAtDesk, session: Tx, reason: Text = "") -> Response:
    """Block, with a reason for the team."""
    line = " ".join(reason.split())[:200]
    await contacts_standing.block(session, me, contact_id, ContactBlock(reason=line))
    return RedirectResponse(f"/contacts/{contact_id}", 303)


@router.post("/contacts/{contact_id}/unblock")
async def unblock_contact(contact_id: ContactId, me: MerchantAtDesk, session: Tx) -> Response:
    """Take messages again."""
    await contacts_standing.unblock(session, me, contact_id)
    return RedirectResponse(f"/contacts/{contact_id}", 303)


@router.post("/contacts/{contact_id}/delete")
async def delete_contact(
    contact_id: ContactId, me: MerchantAtDesk, session: Tx, everything: Annotated[bool, Form()] = False
) -> Response:
    """The entry, or for owners the conversations with it, which a task deletes."""
    if everything:
        await contacts_erasing.order(session, me, contact_id)
        return RedirectResponse("/tasks", 303)
    await contacts.remove(session, me, contact_id)
    return RedirectResponse("/contacts", 303)


@router.post("/contacts/{contact_id}/export")
async def export_contact(
    request: Request, contact_id: ContactId, me: MerchantAtDesk, session: Tx,
    format: Annotated[Format, Form()] = Format.HTML,
) -> Response:  # fmt: skip
    """A person's copy of what was said with this shop: a task makes the file."""
    await contacts.row(session, me, contact_id)
    order = ExportOrder(contact_id=contact_id, format=format, locale=locale_of(request))
    await queue.start(session, "chat.export", order, me.user_id)
    return RedirectResponse("/tasks", 303)


@router.get("/contacts/{contact_id}/merge")
async def merge_page(
    request: Request, contact_id: ContactId, me: MerchantAtDesk, session: ReadTx, q: Asked = "",
    other_id: Annotated[int | None, Query(alias="with", ge=1, le=MAX_BIGINT)] = None,
) -> Response:  # fmt: skip
    """Who may be the same person; with one chosen, what each of them says."""
    contact = await contacts.get(session, me, contact_id)
    shown: dict[str, Any] = {"contact": contact, "q": q, "found": [], "doubles": [], "other": None, "fields": FIELDS}
    if other_id is not None and other_id != contact_id:
        shown["other"] = await contacts.get(session, me, other_id)
    else:
        shown["doubles"] = await contacts_standing.doubles(session, me, contact_id)
        if q.strip():
            listed = await contacts.listing(session, me, ContactFilters(q=q), Page(page_size=20), Sort.SEEN)
            shown["found"] = [one for one in listed.results if one.id != contact_id]
    return render(request, "contacts/merge.html", **await _frame(request, session, me), **shown)


@router.post("/contacts/{contact_id}/merge")
async def merge_contacts(
    request: Request, contact_id: ContactId, me: MerchantAtDesk, session: Tx,
    other_id: Annotated[int, Form(ge=1, le=MAX_BIGINT)],
) -> Response:  # fmt: skip
    """Make one of two; the form's radio buttons say whose field wins."""
    form = await request.form()
    take = [name for name in FIELDS if form.get(f"take-{name}") == "other"]
    await contacts_standing.merge(session, me, contact_id, ContactMerge(other_id=other_id, take=take))
    return RedirectResponse(f"/contacts/{contact_id}", 303)


async def _page(
    request: Request, session: AsyncSession, me: Identity, contact_id: int, status: int = 200,
    problems: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    contact: ContactPublic = await contacts.get(session, me, contact_id)
    details = await contacts_details.of(session, me, contact)
    is_online = request.app.state.is_online
    return render(
        request,
        "contacts/contact.html",
        status,
        **await _frame(request, session, me),
        contact=contact,
        problems=problems or {},
        is_online=any(is_online(customer.id) for customer in contact.customers),
        is_owner=await access.owns_shop(session, me),
        colors={label["name"]: label["color"] for label in await labels.colors(session, me)},
        **details,
    )


async def _form(
    request: Request, session: AsyncSession, me: Identity, typed: dict[str, str], problems: dict[str, str],
    status: int = 200,
) -> Response:  # fmt: skip
    frame = await _frame(request, session, me)
    return render(request, "contacts/new.html", status, **frame, typed=typed, problems=problems)


async def _frame(request: Request, session: AsyncSession, me: Identity) -> dict[str, Any]:
    return {"me": await viewer(request, session, me), "place": "contacts"}


def _filters(q: str, show: str) -> ContactFilters:
    return ContactFilters(
        q=q or None, is_blocked=True if show == "blocked" else None, has_email=True if show == "email" else None
    )


def _meant(typed: dict[str, str]) -> dict[str, str | None]:
    """What a form means by an empty line: no address."""
    said = {name: value.strip() if name != "note" else value for name, value in typed.items()}
    return said | {name: said[name] or None for name in ("email", "phone")}
