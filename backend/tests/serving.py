"""The real server in the test's own event loop, and a client for its sockets."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self

import orjson
import uvicorn
import websockets
from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection

from app import server as flags
from app.kernel.websockets import LineWebSocketProtocol
from tests.people import Person

PATIENCE_SECONDS = 10.0  # a frame that has not come by then does not come


@dataclass(frozen=True)
class Server:
    """Where the application listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def socket_url(self, user_id: str) -> str:
        return f"ws://{self.host}:{self.port}/ws/{user_id}"

    async def connect(self, user_id: str, **options: Any) -> "Line":
        """Open a socket and say nothing."""
        connection = await websockets.connect(self.socket_url(user_id), compression=None, max_size=None, **options)
        return Line(connection)

    async def enter(self, person: Person) -> "Line":
        """Open a socket, show the token, take the greeting."""
        line = await self.connect(person.id)
        await line.say("auth", token=person.token)
        await line.expect("ready")
        await line.expect("online_users")
        return line


class Line:
    """One socket as a client has it. `heard` keeps every frame that was taken from it."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.heard: list[dict[str, Any]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.connection.close()

    async def say(self, kind: str, **fields: Any) -> None:
        await self.connection.send(orjson.dumps({"type": kind, **fields}).decode())

    async def raw(self, data: str | bytes) -> None:
        await self.connection.send(data)

    async def next(self) -> dict[str, Any]:
        """The next frame, whatever it is."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            frame: dict[str, Any] = orjson.loads(await self.connection.recv())
        self.heard.append(frame)
        return frame

    async def expect(self, kind: str) -> dict[str, Any]:
        """The next frame, which must be of this kind."""
        frame = await self.next()
        assert frame["type"] == kind, frame
        return frame

    async def until(self, kind: str) -> dict[str, Any]:
        """The next frame of this kind; what comes before it is only kept in `heard`."""
        while (frame := await self.next())["type"] != kind:
            pass
        return frame

    async def all_so_far(self) -> list[dict[str, Any]]:
        """Every frame that is on its way: those before the answer to a ping of ours."""
        begin = len(self.heard)
        await self.say("ping", t=f"so far: {begin}")
        while (await self.until("pong"))["t"] != f"so far: {begin}":
            pass
        return self.heard[begin:-1]

    async def close_code(self) -> int:
        """Wait until the server closes; answers its code."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            try:
                while True:
                    self.heard.append(orjson.loads(await self.connection.recv()))
            except websockets.ConnectionClosed:
                pass
        return self.connection.close_code or 0


@asynccontextmanager
async def served(app: FastAPI, port: int = 0, **changes: Any) -> AsyncIterator[Server]:
    """Serve an application that has been started already, with the flags of the product save for `changes`."""
    listening = socket.create_server(("127.0.0.1", port))
    options: dict[str, Any] = {
        "lifespan": "off",
        "log_config": None,
        "access_log": False,
        "ws": LineWebSocketProtocol,
        "ws_max_size": flags.MAX_FRAME_BYTES,
        "ws_max_queue": flags.MAX_FRAMES_WAITING,
        "ws_ping_interval": flags.PING_SECONDS,
        "ws_per_message_deflate": False,
        "timeout_graceful_shutdown": 2,
    }
    config = uvicorn.Config(app, **(options | changes))
    server = uvicorn.Server(config)
    # Not `serve()`, which would take the signals of the test run.
    task = asyncio.create_task(server._serve([listening]))
    while not server.started:
        await asyncio.sleep(0.005)
    try:
        yield Server("127.0.0.1", listening.getsockname()[1])
    finally:
        server.should_exit = True
        await task
        listening.close()
