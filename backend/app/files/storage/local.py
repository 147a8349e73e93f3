"""Files in a folder of this machine."""

import asyncio
import os
import secrets
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
