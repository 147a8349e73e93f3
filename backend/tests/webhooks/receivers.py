"""Receivers of webhooks on loopback: a good one, and every bad one that we could think of."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import orjson

PATIENCE_SECONDS = 20


@dataclass(frozen=True)
class Request:
    """What came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        parsed: dict[str, Any] = orjson.loads(self.body)
        return parsed


Behave = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]


class Receiver:
    """An HTTP server by hand, because a proper one cannot misbehave. `behave` answers; it may be changed."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self.behave: Behave = status(204)
        self.connections = 0
        self.most_at_once = 0
        self._at_once = 0
        self._tls = tls
        self._came = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def name(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self.name}/parley"

    @property
    def events(self) -> list[dict[str, Any]]:
        return [request.event for request in self.requests]

    def types(self) -> list[str]:
        return [event["type"] for event in self.events]

    def contents(self) -> list[str]:
        return [event["data"]["message"]["content"] for event in self.events]

    async def came(self, count: int) -> None:
        """Wait for so many requests."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.requests) < count:
                self._came.clear()
                await self._came.wait()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in list(self._open):
            writer.transport.abort()
        for task in self._tasks:
            task.cancel()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.add(writer)
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                while not writer.is_closing():
                    request = await _read(reader)
                    self._at_once += 1
                    self.most_at_once = max(self.most_at_once, self._at_once)
                    self.requests.append(request)
                    self._came.set()
                    try:
                        await self.behave(request, writer)
                        await writer.drain()
                    finally:
                        self._at_once -= 1
        finally:
            self._open.discard(writer)
            self._tasks.discard(task)
            writer.close()


@asynccontextmanager
async def receiving(tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    receiver = Receiver(tls)
    await receiver.start()
    try:
        yield receiver
    finally:
        await receiver.stop()


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *lines = head.rstrip().split("\r\n")
    method, path, _ = line.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, path, headers, body)


def answer(code: int, body: bytes = b"", **headers: str) -> bytes:
    """The bytes of an answer."""
    said = {"content-length": str(len(body))} | {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    return f"HTTP/1.1 {code} Word\r\n{lines}\r\n".encode() + body


def status(code: int, body: bytes = b"", **headers: str) -> Behave:
    """Always this answer."""

    async def behave(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(code, body, **headers))

    return behave


def in_turn(*codes: int) -> Behave:
    """One status after the other, and the last for ever."""
    left = list(codes)

    async def behave(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(left.pop(0) if len(left) > 1 else left[0]))

    return behave


async def never(_: Request, writer: asyncio.StreamWriter) -> None:
    """No answer at all."""
    await asyncio.sleep(3600)


async def drip(_: Request, writer: asyncio.StreamWriter) -> None:
    """The head of an answer, a byte at a time, without end."""
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while not writer.is_closing():
        writer.write(b"x-drip: y\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)


async def endless(_: Request, writer: asyncio.StreamWriter) -> None:
    """Success, and then a body that never stops."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n")
    with suppress(ConnectionError):
        while not writer.is_closing():
            writer.write(b"z" * 65_536)
            await writer.drain()


async def reset(_: Request, writer: asyncio.StreamWriter) -> None:
    """The connection breaks in the middle."""
    writer.write(b"HTTP/1.1 20")
    writer.transport.abort()


async def nonsense(_: Request, writer: asyncio.StreamWriter) -> None:
    """Something that is no HTTP."""
    writer.write(b"220 mail.example.com ESMTP\r\n")
    writer.close()
