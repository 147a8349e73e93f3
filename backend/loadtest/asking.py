"""One HTTP request on a connection of its own, by hand: a client library costs more than the server does."""

import asyncio
from typing import Any, NamedTuple

import orjson


class Answer(NamedTuple):
    """What came back. `status` 0: nothing, or not a whole answer."""

    status: int
    body: Any = None

    @property
    def is_success(self) -> bool:
        """2xx."""
        return 200 <= self.status < 300


NO_ANSWER = Answer(0)


async def ask(
    port: int, method: str, path: str, token: str = "", body: Any = None, timeout_seconds: float = 60.0
) -> Answer:
    """Ask the server on `port` under `/api/v1`; never raises for what the network does."""
    content = b"" if body is None else orjson.dumps(body)
    head = f"{method} /api/v1{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
    head += f"Authorization: Bearer {token}\r\n" if token else ""
    head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    try:
        async with asyncio.timeout(timeout_seconds):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(head.encode() + content)
                said, _, rest = (await reader.read()).partition(b"\r\n\r\n")
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return NO_ANSWER
    length = next((int(line[15:]) for line in said.lower().split(b"\r\n") if line.startswith(b"content-length:")), -1)
    if length != len(rest):
        return NO_ANSWER  # cut off
    try:
        return Answer(int(said.split(b" ", 2)[1]), orjson.loads(rest) if rest else None)
    except (ValueError, IndexError):
        return NO_ANSWER
