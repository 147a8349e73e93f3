"""Values that may be a few seconds old, kept in the process: a wrong one corrects itself when its time is over."""

from collections.abc import Awaitable, Callable, Hashable
from typing import TypeVar, cast

from app.kernel import clock

V = TypeVar("V")
MAX_ENTRIES = 10_000


class Cache:
    """A bounded map whose entries expire."""

    def __init__(self, max_entries: int = MAX_ENTRIES) -> None:
        self._entries: dict[Hashable, tuple[float, object]] = {}
        self._max_entries = max_entries

    async def get_or(self, key: Hashable, seconds: float, load: Callable[[], Awaitable[V]]) -> V:
        """The value under `key`, loaded when there is none younger than `seconds`."""
        entry = self._entries.get(key)
        if entry is not None and entry[0] > clock.monotonic():
            return cast(V, entry[1])
        value = await load()
        if len(self._entries) >= self._max_entries:
            self._entries.clear()
        self._entries[key] = (clock.monotonic() + seconds, value)
        return value

    def forget(self, key: Hashable) -> None:
        """Drop one entry."""
        self._entries.pop(key, None)
