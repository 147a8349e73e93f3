"""Files in a folder of this machine."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path


class LocalStorage:
    """`path` below `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def put(self, path: str, content: bytes) -> None:
        """Write beside, then rename: a reader or a crash never meets half a file."""
        await asyncio.to_thread(self._write, self.folder / path, content)

    async def remove(self, path: str) -> None:
        await asyncio.to_thread((self.folder / path).unlink, missing_ok=True)

    async def older_than(self, prefix: str, before: int, size: int) -> AsyncIterator[list[str]]:
        """Paths below `prefix` that were last written before `before` (seconds), at most `size` of them at a time."""
        found = self._walk(self.folder / prefix, before)
        while some := await asyncio.to_thread(lambda: list(islice(found, size))):
            yield some

    def _walk(self, folder: Path, before: int) -> Iterator[str]:
        if not folder.is_dir():
            return
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    yield from self._walk(Path(entry.path), before)
                    continue
                with suppress(FileNotFoundError):  # removed while we looked
                    if entry.stat(follow_symlinks=False).st_mtime < before:
                        yield Path(entry.path).relative_to(self.folder).as_posix()

    def _write(self, target: Path, content: bytes) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        try:
            with beside.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
