"""Whether a shop looks on while its buyers type. Remembered for a moment, because people type many times a second."""

from app.accounts import shop_settings
from app.kernel import clock
from app.kernel.db import Database

MAX_TEXT = 500  # characters of a preview
REMEMBERED_SECONDS = 10.0
MAX_REMEMBERED = 10_000  # shops


class TypingPreviews:
    """The shops' choices, as fresh as `REMEMBERED_SECONDS`."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: dict[str, tuple[float, bool]] = {}

    async def allowed(self, merchant_id: str) -> bool:
        """Off unless the owner turned it on."""
        until, is_allowed = self._known.get(merchant_id, (0.0, False))
        if until > clock.monotonic():
            return is_allowed
        async with self._db.reading() as session:
            is_allowed = (await shop_settings.of(session, merchant_id)).typing_preview
        if len(self._known) >= MAX_REMEMBERED:
            self._known.clear()
        self._known[merchant_id] = (clock.monotonic() + REMEMBERED_SECONDS, is_allowed)
        return is_allowed
