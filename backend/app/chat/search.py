"""Full-text search over the messages that one may see, newest first, in any language.

The index is `message_search`: FTS5 on SQLite, a GIN index on PostgreSQL, FULLTEXT on MySQL; `indexer.py` fills it.
"""

from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, literal_column, text
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import entries as audit
from app.audit.models import Action
from app.chat import access, messages, shapes
from app.chat.models import Conversation, ConversationPublic, Message, MessagePublic
from app.kernel.bigrams import normalized, query_terms
from app.kernel.db import settings_in
from app.kernel.errors import Invalid
from app.kernel.identity import Identity
from app.kernel.paging import Listing, Page

MAX_COUNTED = 1000  # hits are counted up to here; nobody pages further
SNIPPET_BEFORE, SNIPPET_LENGTH = 30, 120  # characters

_MATCHES = {
    "sqlite": "SELECT rowid AS id FROM message_search WHERE message_search MATCH :terms",
    "postgresql": "SELECT message_id AS id FROM message_search WHERE tokens @@ CAST(:terms AS tsquery)",
    "mysql": "SELECT message_id AS id FROM message_search WHERE MATCH(tokens) AGAINST (:terms IN BOOLEAN MODE)",
}
_MATCHES["mariadb"] = _MATCHES["mysql"]


class SearchHit(SQLModel):
    """A message that was found, where it stands, and the words around the first match."""

    message: MessagePublic
    conversation: ConversationPublic
    snippet: str


async def find(
    session: AsyncSession,
    me: Identity,
    q: str,
    page: Page,
    conversation_id: int | None = None,
    merchant_id: str | None = None,
) -> Listing[SearchHit]:
    """Messages that contain all of `q`, of one conversation or shop. `count` stops at 1000."""
    terms = query_terms(q)
    if not terms:
        raise Invalid("empty_search", "Type at least one letter or character to search for.")
    condition = _matching(session, terms) & access.seen_by(me) & col(Message.deleted_at).is_(None)
    if conversation_id is not None:
        condition &= col(Message.conversation_id) == conversation_id
    if merchant_id is not None:
        condition &= col(Conversation.merchant_id) == merchant_id
    joined = select(Message, Conversation).join(Conversation, col(Conversation.id) == col(Message.conversation_id))
    counted = joined.with_only_columns(col(Message.id)).where(condition).limit(MAX_COUNTED).subquery()
    count = (await session.exec(select(func.count()).select_from(counted))).one()
    query = joined.where(condition).order_by(col(Message.id).desc()).offset(page.offset).limit(page.page_size)
    rows = (await session.exec(query)).all()
    subject = ("conversation", conversation_id) if conversation_id else ("", "")
    await audit.looked(session, me, Action.MESSAGES_SEARCHED, subject, merchant_id, words=q)
    return Listing(count=count, results=await _hits(session, me, rows, q))


def _matching(session: AsyncSession, terms: list[tuple[str, bool]]) -> ColumnElement[bool]:
    dialect = session.get_bind().dialect.name
    if dialect == "postgresql":
        words = " & ".join(f"'{word}'{':*' if is_prefix else ''}" for word, is_prefix in terms)
    elif dialect == "sqlite":
        words = " AND ".join(f'"{word}"{"*" if is_prefix else ""}' for word, is_prefix in terms)
    else:
        words = " ".join(f"+{word}{'*' if is_prefix else ''}" for word, is_prefix in terms)
    found = text(_MATCHES[dialect]).bindparams(bindparam("terms", words))
    return col(Message.id).in_(found.columns(literal_column("id")).subquery().select())


async def _hits(session: AsyncSession, me: Identity, rows: Any, q: str) -> list[SearchHit]:
    settings = settings_in(session)
    places = {conversation.id for _, conversation in rows}
    found = await shapes.rows_of(session, shapes.with_people(col(Conversation.id).in_(places))) if places else []
    shown = {conversation.id: conversation for conversation in await shapes.public(session, me, found)}
    return [
        SearchHit(
            message=messages.public(settings, conversation, message),
            conversation=shown[conversation.id],
            snippet=snippet(message.content, q),
        )
        for message, conversation in rows
    ]


def snippet(content: str, q: str) -> str:
    """The part of `content` around the first word of `q`."""
    flat = " ".join(content.split())
    first = next(iter(normalized(q).split()), "")
    start = max(0, normalized(flat).find(first) - SNIPPET_BEFORE)
    end = start + SNIPPET_LENGTH
    return ("…" if start else "") + flat[start:end] + ("…" if end < len(flat) else "")
