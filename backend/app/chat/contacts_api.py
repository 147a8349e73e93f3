"""The JSON door of contacts. Merchant's side only."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.accounts.names import USER_ID_PATTERN
from app.chat import contacts, contacts_standing
from app.chat.contacts import ContactFilters, Sort
from app.chat.contacts_models import ContactBlock, ContactChange, ContactCreate, ContactMerge, ContactPublic
from app.chat.contacts_standing import Double
from app.kernel.db import ReadTx, Tx
from app.kernel.identity import Merchant
from app.kernel.models import PathId
from app.kernel.paging import CursorListing, Paging
from app.kernel.refusals import refusals

router = APIRouter(prefix="/contacts", tags=["contacts"])
ContactId = PathId


@router.get("/", summary="List contacts", responses=refusals(400, 401, 403))
async def list_contacts(
    me: Merchant,
    session: ReadTx,
    paging: Paging,
    q: Annotated[str | None, Query(max_length=100)] = None,
    customer_id: Annotated[str | None, Query(pattern=USER_ID_PATTERN, examples=["b17"])] = None,
    is_blocked: bool | None = None,
    has_email: bool | None = None,
    sort: Sort = Sort.NAME,
    cursor: Annotated[str | None, Query(max_length=300)] = None,
) -> CursorListing[ContactPublic]:
    """The shop's address book; `q` is a part of name, e-mail, phone, company or note, `customer_id` one of its buyers.

    By `name` (Chinese by pinyin), `seen` (who moved last) or `new`. `next_cursor` leads on at an even cost.
    """
    filters = ContactFilters(q=q, is_blocked=is_blocked, has_email=has_email, customer_id=customer_id)
    return await contacts.listing(session, me, filters, paging, sort, cursor)


@router.post("/", summary="Add a contact", status_code=201, responses=refusals(401, 403, 409))
async def create_contact(draft: ContactCreate, me: Merchant, session: Tx) -> ContactPublic:
    """With a name, an e-mail address or a phone number (Chinese when it has no country). 409 when another contact of

    the shop has the address. Buyers who write to the shop have a contact by themselves: merge the two.
    """
    return await contacts.create(session, me, draft)


@router.get("/{contact_id}", summary="Read a contact", responses=refusals(401, 403, 404))
async def read_contact(contact_id: ContactId, me: Merchant, session: ReadTx) -> ContactPublic:
    """One of the shop's."""
    return await contacts.get(session, me, contact_id)


@router.put("/{contact_id}", summary="Change a contact", responses=refusals(401, 403, 404, 409))
async def change_contact(contact_id: ContactId, draft: ContactChange, me: Merchant, session: Tx) -> ContactPublic:
    """Absent fields stay; null takes an e-mail address or a phone number away. The shop's people see the name at once,

    the buyer never does.
    """
    return await contacts.change(session, me, contact_id, draft)


@router.delete("/{contact_id}", summary="Delete a contact", status_code=204, responses=refusals(401, 403, 404))
async def remove_contact(contact_id: ContactId, me: Merchant, session: Tx) -> None:
    """Its conversations stay, under their buyers' own names; a block ends. Who writes again has a contact again."""
    await contacts.remove(session, me, contact_id)


@router.get("/{contact_id}/doubles", summary="Find doubles of a contact", responses=refusals(401, 403, 404))
async def list_doubles(contact_id: ContactId, me: Merchant, session: ReadTx) -> list[Double]:
    """Who may be the same person: with the same e-mail address, phone number (also their buyers' own), or name."""
    return await contacts_standing.doubles(session, me, contact_id)


@router.post("/{contact_id}/merge", summary="Merge two contacts", responses=refusals(400, 401, 403, 404))
async def merge_contacts(contact_id: ContactId, body: ContactMerge, me: Merchant, session: Tx) -> ContactPublic:
    """Put `other_id` into this contact. Conversations keep their buyers, for whom this contact stands from now on.

    What this one lacks comes from the other, notes are joined; the fields in `take` come from the other. When one of
    them is blocked, all of their buyers are. It cannot be undone.
    """
    return await contacts_standing.merge(session, me, contact_id, body)


@router.post("/{contact_id}/block", summary="Block a contact", responses=refusals(401, 403, 404, 409))
async def block_contact(contact_id: ContactId, body: ContactBlock, me: Merchant, session: Tx) -> ContactPublic:
    """Its buyers cannot start nor write any more (403 `blocked_by_shop`); what was said stays readable. 409 for a

    contact that never wrote.
    """
    return await contacts_standing.block(session, me, contact_id, body)


@router.post("/{contact_id}/unblock", summary="Unblock a contact", responses=refusals(401, 403, 404))
async def unblock_contact(contact_id: ContactId, me: Merchant, session: Tx) -> ContactPublic:
    """Its buyers may write again."""
    return await contacts_standing.unblock(session, me, contact_id)
