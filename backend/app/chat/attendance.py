"""Who is at the desk, written down where every process can read it: `staff.here_until`.

Presence lives in memory and is told by a broker; routing decides in the database, also in processes that no broker
connects. Only people of shops that route are written down.
"""

from collections.abc import Collection

from sqlalchemy import update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.models import Staff
from app.chat.hub import Hub, team
from app.chat.presence import Presence
from app.kernel import clock
from app.kernel.db import Database

BEAT_SECONDS = 30
GOOD_SECONDS = 75  # two beats may be late; a process that died keeps nobody online for longer
GRACE_SECONDS = 4.0  # a page that reloads is not gone


class Attendance:
    """This process' people at the desk."""

    def __init__(self, db: Database, hub: Hub, presence: Presence) -> None:
        self._db = db
        self._hub = hub
        self._presence = presence
        self._seen: dict[str, tuple[str, float]] = {}
        """User → shop, and when a socket of theirs was seen last."""
        self._beat_at = 0.0

    async def look(self, shops: Collection[str], *, is_beat: bool = False) -> set[str]:
        """Note who came and who went; the shops to which somebody came."""
        at = clock.monotonic()
        here = {
            socket.identity.user_id: merchant_id
            for merchant_id in shops
            for socket in self._hub.members(team(merchant_id))
            if not socket.identity.is_api_key
        }
        came = here.keys() - self._seen.keys()
        seen = self._seen | {user_id: (merchant_id, at) for user_id, merchant_id in here.items()}
        gone = [user_id for user_id, (_, seen_at) in seen.items() if seen_at < at - GRACE_SECONDS]
        for user_id in gone:
            del seen[user_id]
        beat = is_beat or at >= self._beat_at
        left = [user_id for user_id in gone if not self._presence.is_here(user_id)]
        await self._write(set(seen) if beat else came, left)
        # Only now: what was not written is news to the next look as well.
        self._seen = seen
        if beat:
            self._beat_at = at + BEAT_SECONDS
        return {here[user_id] for user_id in came}

    async def _write(self, here: Collection[str], gone: Collection[str]) -> None:
        if not here and not gone:
            return

        async def note(session: AsyncSession) -> None:
            at = clock.now()
            for users, until in ((sorted(here), at + GOOD_SECONDS), (sorted(gone), at)):
                if users:
                    await session.exec(update(Staff).where(col(Staff.user_id).in_(users)).values(here_until=until))

        await self._db.write(note)
