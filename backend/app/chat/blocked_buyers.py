"""Whom shops have blocked, for what comes many times a minute and is stored nowhere: remembered for a moment.

What is stored asks the rows themselves: a message is refused in the transaction that would keep it.
"""

from app.chat import contacts_buyers
from app.kernel import clock
from app.kernel.db import Database

REMEMBERED_SECONDS = 2.0
MAX_REMEMBERED = 20_000  # pairs of shop and buyer


class BlockedBuyers:
    """The shops' blocks, as fresh as `REMEMBERED_SECONDS`."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: dict[tuple[str, str], tuple[float, bool]] = {}

    async def has(self, merchant_id: str, customer_id: str) -> bool:
        """Whether this shop has blocked this buyer."""
        key = (merchant_id, customer_id)
        until, is_blocked = self._known.get(key, (0.0, False))
        if until > clock.monotonic():
            return is_blocked
        async with self._db.reading() as session:
            is_blocked = await contacts_buyers.is_blocked(session, merchant_id, customer_id)
        if len(self._known) >= MAX_REMEMBERED:
            self._known.clear()
        self._known[key] = (clock.monotonic() + REMEMBERED_SECONDS, is_blocked)
        return is_blocked
