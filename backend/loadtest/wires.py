"""The cheapest WebSocket client that is still one: a raw asyncio protocol, frames made in advance.

The load generator must not be the bottleneck. Masking uses the key 0, which is allowed and costs nothing.
"""

import asyncio
import base64
import os
from collections.abc import Callable
from contextlib import suppress
from typing import cast

OnText = Callable[[bytes], None]
OPCODES = 0x0F
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
OPEN_SECONDS = 30.0
NO_MASK = b"\0\0\0\0"


def frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """A whole client frame around `payload`."""
    size = len(payload)
    if size < 126:
        return bytes((0x80 | opcode, 0x80 | size)) + NO_MASK + payload
    return bytes((0x80 | opcode, 0x80 | 126)) + size.to_bytes(2, "big") + NO_MASK + payload


class Wire(asyncio.Protocol):
    """One socket. `on_text` gets the payload of every text frame; `closed` is done when the connection is gone."""

    __slots__ = ("_rest", "close_code", "closed", "is_open", "on_text", "opened", "path", "transport")

    def __init__(self, path: str, on_text: OnText) -> None:
        loop = asyncio.get_running_loop()
        self.path = path
        self.on_text = on_text
        self.is_open = False
        self.close_code = 0
        self.opened: asyncio.Future[None] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()
        self.transport: asyncio.Transport
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        self.transport = cast(asyncio.Transport, transport)
        key = base64.b64encode(os.urandom(16)).decode()
        self.transport.write(
            f"GET {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        """Hand over every frame that is complete; servers do not fragment frames as small as ours."""
        if self._rest:
            data = self._rest + data
        at = 0 if self.is_open else self._greeted(data)
        end = len(data) if self.is_open else at
        while end - at >= 2:
            size, start = data[at + 1], at + 2
            if size == 126:
                size, start = int.from_bytes(data[start : start + 2], "big"), start + 2
            elif size == 127:
                size, start = int.from_bytes(data[start : start + 8], "big"), start + 8
            if end < start + size:
                break
            opcode = data[at] & OPCODES
            if opcode == TEXT:
                self.on_text(data[start : start + size])
            else:
                self._control(opcode, data[start : start + size])
            at = start + size
        self._rest = data[at:]

    def connection_lost(self, error: Exception | None) -> None:
        """The end, whoever made it."""
        self.is_open = False
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("closed before it was open"))
        if not self.closed.done():
            self.closed.set_result(None)

    @property
    def can_send(self) -> bool:
        """Open, and not known to be broken."""
        return self.is_open and not self.transport.is_closing()

    def send(self, framed: bytes) -> None:
        """Write a frame made by `frame`."""
        self.transport.write(framed)

    def abort(self) -> None:
        """Drop the connection without a goodbye."""
        self.transport.abort()

    async def close(self) -> None:
        """Say goodbye, and do not wait long for the answer."""
        if self.can_send:
            self.send(frame((1000).to_bytes(2, "big"), CLOSE))
        with suppress(TimeoutError):
            async with asyncio.timeout(2):
                await asyncio.shield(self.closed)
        self.transport.abort()

    def _greeted(self, data: bytes) -> int:
        end = data.find(b"\r\n\r\n")
        if end < 0:
            return 0
        if not data.startswith(b"HTTP/1.1 101"):
            self.opened.set_exception(ConnectionError(data[:200].decode(errors="replace")))
            self.transport.abort()
            return len(data)
        self.is_open = True
        self.opened.set_result(None)
        return end + 4

    def _control(self, opcode: int, payload: bytes) -> None:
        if opcode == PING:
            self.send(frame(payload, PONG))
        elif opcode == CLOSE:
            self.close_code = int.from_bytes(payload[:2], "big")
            self.transport.abort()


async def connect(port: int, path: str, on_text: OnText, source: str | None = None) -> Wire:
    """Open a socket. `source`: a loopback address of our own, where one address' ports would run short."""
    loop = asyncio.get_running_loop()
    address = (source, 0) if source else None
    async with asyncio.timeout(OPEN_SECONDS):
        _, wire = await loop.create_connection(lambda: Wire(path, on_text), "127.0.0.1", port, local_addr=address)
        try:
            await wire.opened
        except BaseException:
            wire.opened.cancel()
            wire.abort()
            raise
    return wire
