"""The judgement: what was promised and what everybody has, against what the database holds."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import psycopg
from sqlalchemy import make_url

from loadtest.chaos.ledger import Ledger, Row
from loadtest.chaos.readers import Reader

MESSAGES = "SELECT conversation_id, id, seq, client_id, sender_id, content FROM messages ORDER BY conversation_id, seq"
COUNTERS = """SELECT id, customer_id, last_seq, customer_unread, merchant_unread, customer_read_seq, merchant_read_seq,
    last_message, last_sender_id FROM conversations"""
MAX_PREVIEW = 200


class Counters(NamedTuple):
    """What a conversation's row says about its messages."""

    id: int
    customer_id: str
    last_seq: int
    customer_unread: int
    merchant_unread: int
    customer_read_seq: int
    merchant_read_seq: int
    last_message: str
    last_sender_id: str | None


class Truth:
    """What is committed, read past the product."""

    def __init__(self, database_url: str) -> None:
        self.rows: dict[int, list[Row]] = defaultdict(list)
        for conversation_id, *columns in _query(database_url, MESSAGES):
            self.rows[conversation_id].append(Row(*columns))
        self.counters = {row[0]: Counters(*row) for row in _query(database_url, COUNTERS)}

    @property
    def last_seqs(self) -> dict[int, int]:
        """Conversation id → how many messages it has."""
        return {number: len(self.rows[number]) for number in self.counters}


def judge(truth: Truth, ledger: Ledger, readers: Sequence[Reader], is_done: bool) -> None:
    """Write every broken promise into the ledger. After a run that did not end, nobody need have everything."""
    _seqs_are_whole(truth, ledger)
    _promises_are_kept(truth, ledger, is_done)
    _counters_agree(truth, ledger)
    for reader in readers:
        for number, copy in reader.copies.items():
            wanted = truth.rows[number] if is_done else truth.rows[number][: copy.last]
            _same(f"{reader.name} in conversation {number}", copy.rows, wanted, ledger)


def _same(who: str, has: Sequence[Row], wanted: Sequence[Row], ledger: Ledger) -> None:
    if list(has) == list(wanted):
        return
    different = next(
        ((mine, real) for mine, real in zip(has, wanted, strict=False) if mine != real), ("the end", "the end")
    )
    ledger.violate(
        f"{who}: has {len(has)} messages, the database {len(wanted)}; first difference {different[0]} / {different[1]}"
    )


def _seqs_are_whole(truth: Truth, ledger: Ledger) -> None:
    for number, rows in truth.rows.items():
        seqs = [row.seq for row in rows]
        if seqs != list(range(1, len(rows) + 1)):
            missing = sorted(set(range(1, max(seqs) + 1)) - set(seqs))[:10]
            ledger.violate(f"conversation {number}: {len(seqs)} messages up to seq {max(seqs)}, missing {missing}")


def _promises_are_kept(truth: Truth, ledger: Ledger, is_done: bool) -> None:
    found: dict[str, list[tuple[int, Row]]] = defaultdict(list)
    for number, rows in truth.rows.items():
        for row in rows:
            found[row.client_id].append((number, row))
    for client_id, draft in ledger.drafts.items():
        places = found.pop(client_id, [])
        if not places and not is_done and client_id not in ledger.acknowledged:
            continue
        if len(places) != 1:
            ledger.violate(f"{client_id} is {len(places)} times in the database: {places}")
            continue
        number, row = places[0]
        wanted = Row(*ledger.acknowledged.get(client_id, (row.id, row.seq)), *draft[1:])
        if row != wanted or number != draft.conversation_id:
            ledger.violate(f"{client_id} in {draft.conversation_id} should be {wanted}, and is {row} in {number}")
        if is_done and client_id not in ledger.acknowledged:
            ledger.violate(f"{client_id} was never acknowledged")
    if found:
        ledger.violate(f"nobody sent {len(found)} messages, for example {next(iter(found.values()))}")


def _counters_agree(truth: Truth, ledger: Ledger) -> None:
    for number, row in truth.counters.items():
        messages = truth.rows[number]
        by_customer = [m.seq for m in messages if m.sender_id == row.customer_id]
        by_merchant = [m.seq for m in messages if m.sender_id != row.customer_id]
        last = messages[-1] if messages else None
        wanted = row._replace(
            last_seq=len(messages),
            customer_unread=_after(by_merchant, row.customer_read_seq),
            merchant_unread=_after(by_customer, row.merchant_read_seq),
            last_message=last.content.strip()[:MAX_PREVIEW] if last else "",
            last_sender_id=last.sender_id if last else None,
        )
        if row != wanted:
            ledger.violate(f"conversation {number}: its row says {row}, its messages {wanted}")


def _after(seqs: Iterable[int], mark: int) -> int:
    return sum(seq > mark for seq in seqs)


def _query(database_url: str, statement: str) -> list[tuple[Any, ...]]:
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        lite = sqlite3.connect(str(url.database), timeout=10)
        try:
            return lite.execute(statement).fetchall()
        finally:
            lite.close()
    with psycopg.connect(database_url) as connection:
        return connection.execute(statement).fetchall()
