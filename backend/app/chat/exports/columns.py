"""What a table of messages shows: its columns, and words in the reader's language. CSV and XLSX share it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.chat.exports.orders import ExportOrder
from app.chat.exports.reading import Line, Talk
from app.files.urls import absolute
from app.kernel.config import Settings
from app.kernel.i18n import sentence, translate

HEADINGS = (
    sentence("Conversation"),
    sentence("No."),
    sentence("Time"),
    sentence("Side"),
    sentence("Sender"),
    sentence("Sender's ID"),
    sentence("Kind"),
    sentence("Text"),
    sentence("Attachments"),
    sentence("Buyer"),
    sentence("Buyer's ID"),
    sentence("Status"),
    sentence("Labels"),
    sentence("Assignee"),
    sentence("Message ID"),
)
SHOP_HEADINGS = (sentence("Shop"), sentence("Shop's ID"))
TIME, MESSAGE_ID = 2, 14  # which columns
WORDS = {
    "buyer": sentence("Buyer"),
    "merchant": sentence("Shop"),
    "platform": sentence("Assistant"),
    "admin": sentence("Admin"),
    "text": sentence("Text"),
    "image": sentence("Image"),
    "file": sentence("File"),
    "note": sentence("Private note"),
    "open": sentence("Open"),
    "pending": sentence("Pending"),
    "snoozed": sentence("Snoozed"),
    "resolved": sentence("Resolved"),
}

Row = tuple[Any, ...]


@dataclass(frozen=True)
class About:
    """What every writer needs to know of the export it writes."""

    settings: Settings
    order: ExportOrder
    locale: str
    has_shops: bool
    """Several shops' conversations: an admin's export."""
    at: int

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings.time_zone)

    def say(self, text: str, **params: object) -> str:
        """In the reader's language."""
        return translate(text, self.locale, **params)

    def words(self) -> dict[str, str]:
        """What the machine's words are called."""
        return {word: self.say(text) for word, text in WORDS.items()}


class Columns:
    """Makes a row of a line. Times stay numbers: each kind of file writes them in its own way."""

    def __init__(self, about: About) -> None:
        self.headings = [about.say(text) for text in HEADINGS + (SHOP_HEADINGS if about.has_shops else ())]
        self.headings[TIME] += f" ({about.settings.time_zone})"
        self._settings = about.settings
        self._has_shops = about.has_shops
        self._words = about.words()
        self._talk: Talk | None = None
        self._behind: Row = ()

    def row(self, line: Line) -> Row:
        """In the order of `headings`."""
        talk = line.talk
        if talk is not self._talk:
            self._talk = talk
            self._behind = (
                talk.customer, talk.customer_id, self._words.get(talk.status, talk.status), ", ".join(talk.labels),
                talk.assignee,
            )  # fmt: skip
        shop = (talk.merchant, talk.merchant_id) if self._has_shops else ()
        return (
            str(talk.id), "" if line.seq is None else line.seq, line.created_at, self._words.get(line.side, line.side),
            line.sender, line.sender_id, self._words.get(line.kind, line.kind), line.content,
            self._files(line) if line.attachments else "", *self._behind, str(line.id), *shop,
        )  # fmt: skip

    def _files(self, line: Line) -> str:
        return "\n".join(f"{file['name']} {absolute(self._settings, file['url'])}" for file in line.attachments)


def clock(at: int, zone: ZoneInfo) -> str:
    """`2026-11-22 14:05:09`, by the installation's clocks."""
    return datetime.fromtimestamp(at, zone).replace(tzinfo=None).isoformat(" ")
