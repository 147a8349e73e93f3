"""From rows of text to what can be stored: every cell is judged, and what is wrong is said with its line and column."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from email_validator import EmailNotValidError, validate_email

from app.accounts import names
from app.chat.contacts_models import MAX_NOTE
from app.chat.imports import columns
from app.chat.imports.columns import Fields
from app.chat.imports.tables import Row
from app.chat.quick_replies import MAX_CONTENT, MAX_FOLDER
from app.kernel.errors import Invalid
from app.kernel.i18n import sentence

MAX_TITLE, MAX_NAME, MAX_EMAIL = 80, 100, 254
TOO_LONG = sentence("Longer than {max} characters.")
YES = {"1", "true", "yes", "y", "x", "on", "✓", "√", "是", "共享", "对"}
NO = {"", "0", "false", "no", "n", "off", "-", "否", "不共享", "不"}


class Problem(NamedTuple):
    """What is wrong with a cell, or with a row when `field` is empty."""

    line: int
    field: str
    text: str
    params: dict[str, object]


class Entry(NamedTuple):
    """A row that can be stored. Fields that the table has no column for are missing."""

    line: int
    values: dict[str, Any]


@dataclass(frozen=True)
class Parsed:
    """A whole table. `raw` has every row as it was read, by line, for the preview."""

    headings: list[str]
    fields: list[str | None]
    entries: list[Entry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    raw: dict[int, dict[str, str]] = field(default_factory=dict)


class _Wrong(Exception):
    def __init__(self, text: str, **params: object) -> None:
        super().__init__(text)
        self.text = text
        self.params = params


def parse(rows: Sequence[Row], fields: Fields, needed: Sequence[str], locale_name: Callable[[str], str]) -> Parsed:
    """Judge everything. `needed`: one of these columns must be there, and filled in every row. Blocks: for threads."""
    headings, *rest = rows
    found = columns.recognised(headings.cells, fields)
    if not any(name in found for name in needed):
        listed = ", ".join(locale_name(columns.NAMES[name]) for name in needed)
        raise Invalid(
            "columns_missing", "The first row must name the columns; one of them must be: {names}.", names=listed
        )
    parsed = Parsed(headings.cells, found)
    for row in rest:
        texts = {name: cell for name, cell in zip(found, row.cells, strict=False) if name is not None}
        parsed.raw[row.line] = texts
        _judge(parsed, row.line, texts, needed)
    if not rest:
        raise Invalid("no_rows", "There are no rows below the headings.")
    return parsed


def _judge(parsed: Parsed, line: int, texts: dict[str, str], needed: Sequence[str]) -> None:
    values: dict[str, Any] = {}
    before = len(parsed.problems)
    for name, text in texts.items():
        try:
            values[name] = _READERS[name](text)
        except _Wrong as wrong:
            parsed.problems.append(Problem(line, name, wrong.text, wrong.params))
    if len(parsed.problems) == before and not any(values.get(name) for name in needed):
        is_reply = "content" in needed
        text = (
            sentence("The text is missing.")
            if is_reply
            else sentence("A name, an e-mail address or a phone number is needed.")
        )
        parsed.problems.append(Problem(line, "content" if is_reply else "", text, {}))
    if len(parsed.problems) == before:
        parsed.entries.append(Entry(line, values))


def _text(limit: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if len(text) > limit:
            raise _Wrong(TOO_LONG, max=limit)
        if "\x00" in text:
            raise _Wrong(sentence("Contains characters that cannot be stored."))
        return text

    return read


def _line(limit: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        try:
            return _text(limit)(names.plain(text))
        except ValueError:
            raise _Wrong(sentence("May have no line breaks.")) from None

    return read


def _email(text: str) -> str | None:
    if not text:
        return None
    try:
        found = validate_email(text, check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        raise _Wrong(sentence("This is no e-mail address.")) from None
    return str(_text(MAX_EMAIL)(found))


def _phone(text: str) -> str | None:
    if not text:
        return None
    try:
        return names.phone(text)
    except ValueError:
        raise _Wrong(sentence("This is no phone number.")) from None


def _yes_or_no(text: str) -> bool:
    word = text.casefold()
    if word not in YES | NO:
        raise _Wrong(sentence("Write yes or no."))
    return word in YES


_READERS: dict[str, Callable[[str], Any]] = {
    "title": _text(MAX_TITLE),
    "content": _text(MAX_CONTENT),
    "is_shared": _yes_or_no,
    "folder": _line(MAX_FOLDER),
    "name": _line(MAX_NAME),
    "email": _email,
    "phone": _phone,
    "company": _line(MAX_NAME),
    "note": _text(MAX_NOTE),
}
