"""Where the bytes lie. A path is relative, made by us, and never by a client."""

from collections.abc import AsyncIterator
from typing import Protocol


class Storage(Protocol):
    """What an outside store must do; the local folder is the one that works offline."""

    async def put(self, path: str, content: bytes) -> None:
        """Keep `content` under `path`: wholly, or not at all."""

    async def remove(self, path: str) -> None:
        """Forget `path`; nothing happens when it is not there."""

    def older_than(self, prefix: str, before: int, size: int) -> AsyncIterator[list[str]]:
        """Paths below `prefix` that were last written before `before` (seconds), at most `size` of them at a time."""
