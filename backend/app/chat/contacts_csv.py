"""The address book as CSV, read by name a page at a time, so that its size costs no memory."""

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

from app.chat import contacts
from app.chat.contacts import ContactFilters, Sort
from app.chat.contacts_models import ContactPublic
from app.chat.exports.as_csv import cell
from app.kernel.db import Database, settings_in
from app.kernel.i18n import format_time, sentence, translate
from app.kernel.identity import Identity
from app.kernel.paging import Page

PAGE_SIZE = 500
HEADINGS = (
    sentence("Name"), sentence("E-mail"), sentence("Phone"), sentence("Company"), sentence("Note"),
    sentence("Last active"), sentence("Blocked"), sentence("Since"),
)  # fmt: skip


async def lines(db: Database, me: Identity, filters: ContactFilters, locale: str) -> AsyncIterator[str]:
    """With a mark, because Excel in China reads GBK otherwise; no cell is a formula."""
    yield "\ufeff" + _text([[translate(heading, locale) for heading in HEADINGS]])
    cursor: str | None = None
    while True:
        async with db.reading() as session:
            found = await contacts.listing(session, me, filters, Page(page_size=PAGE_SIZE), Sort.NAME, cursor)
            zone = settings_in(session).time_zone
        yield _text([_row(one, locale, zone) for one in found.results])
        cursor = found.next_cursor
        if cursor is None:
            return


def _row(one: ContactPublic, locale: str, zone: str) -> list[Any]:
    said = [one.name, one.email or "", one.phone or "", one.company, one.note]
    # A phone number begins with a plus, like a formula; as E.164 it is none.
    cells = [value if value and value == one.phone else cell(value) for value in said]
    times = [format_time(at, locale, zone) if at else "" for at in (one.last_seen_at, one.blocked_at, one.created_at)]
    return [*cells, *times]


def _text(rows: list[list[Any]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()
