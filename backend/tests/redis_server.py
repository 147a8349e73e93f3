"""A Redis of a test's own, which it may stop and start."""

import asyncio
import shutil
import socket
import tempfile
from typing import Self

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

EXECUTABLE = shutil.which("redis-server") or ""
needs_redis_server = pytest.mark.skipif(not EXECUTABLE, reason="no redis-server is installed here")


class RedisServer:
    """`async with RedisServer() as redis:` runs one on a free port of loopback, without a file."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self._process: asyncio.subprocess.Process | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="parley-test-redis-")

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    async def start(self) -> None:
        """Run, and answer."""
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = await asyncio.create_subprocess_exec(
            EXECUTABLE, *options, "--dir", self._folder.name, stdout=asyncio.subprocess.DEVNULL
        )
        async with asyncio.timeout(10), Redis.from_url(self.url) as redis:
            while True:
                try:
                    await redis.ping()
                except (RedisError, OSError):
                    await asyncio.sleep(0.02)
                else:
                    return

    async def stop(self) -> None:
        """Be gone at once, as after a power cut."""
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        self._folder.cleanup()
