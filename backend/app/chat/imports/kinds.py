"""What can be imported, each under one word."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlmodel.ext.asyncio.session import AsyncSession

from app.chat.imports import columns, plans
from app.chat.imports.columns import Fields
from app.chat.imports.entries import Entry
from app.chat.imports.plans import Plan
from app.kernel.i18n import sentence
from app.kernel.identity import Identity


class ImportWord(StrEnum):
    """As addresses spell it."""

    QUICK_REPLIES = "quick-replies"
    CONTACTS = "contacts"


@dataclass(frozen=True)
class ImportKind:
    """How one kind is read, compared and written. `example` is the row of the template to download."""

    word: ImportWord
    job: str
    title: str
    fields: Fields
    needed: tuple[str, ...]
    example: dict[str, str]
    plan: Callable[[AsyncSession, Identity, Sequence[Entry]], Awaitable[Plan]]
    apply: Callable[[AsyncSession, Identity, Plan], Awaitable[None]]


KINDS = {
    ImportWord.QUICK_REPLIES: ImportKind(
        word=ImportWord.QUICK_REPLIES,
        job="chat.import_quick_replies",
        title=sentence("Quick replies"),
        fields=columns.QUICK_REPLY,
        needed=("content",),
        example={
            "title": sentence("Delivery time"),
            "content": sentence("What is ordered before 16:00 leaves today."),
            "is_shared": sentence("yes"),
            "folder": sentence("Delivery"),
        },
        plan=plans.of_quick_replies,
        apply=plans.apply_quick_replies,
    ),
    ImportWord.CONTACTS: ImportKind(
        word=ImportWord.CONTACTS,
        job="chat.import_contacts",
        title=sentence("Contacts"),
        fields=columns.CONTACT,
        needed=("name", "email", "phone"),
        example={
            "name": sentence("Lin Xia"),
            "email": "lin@example.com",
            "phone": "+8613800138000",
            "company": sentence("Chen's rice shop"),
            "note": sentence("Prefers to be called in the morning."),
        },
        plan=plans.of_contacts,
        apply=plans.apply_contacts,
    ),
}
