"""What the product is measured against, on the same stack with the same server settings.

`echo`: a frame goes to the other socket of the pair, as it came. `answered`: and the sender gets a `sent` too, which is
what the protocol asks for. `single`: `answered`, with one INSERT and commit for each message.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from psycopg_pool import AsyncConnectionPool

from app import server
from app.kernel.websockets import LineWebSocketProtocol

TABLE = """CREATE TABLE IF NOT EXISTS single_rows (id bigserial PRIMARY KEY, conversation_id bigint NOT NULL,
    client_id text NOT NULL, content text NOT NULL, UNIQUE (conversation_id, client_id))"""
INSERT = "INSERT INTO single_rows (conversation_id, client_id, content) VALUES (%s, %s, %s) RETURNING id"
CONNECTIONS = 20

kind = os.environ.get("FLOOR", "echo")
sockets: dict[str, WebSocket] = {}
pool = AsyncConnectionPool(
    os.environ.get("FLOOR_DATABASE_URL", ""),
    min_size=CONNECTIONS,
    max_size=CONNECTIONS,
    open=False,
    kwargs={"autocommit": True, "prepare_threshold": 0},
)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """A table of our own, and connections that are open before anybody is measured."""
    if kind == "single":
        await pool.open(wait=True)
        async with pool.connection() as connection:
            await connection.execute(TABLE)
    yield
    await pool.close()


app = FastAPI(lifespan=lifespan)


@app.websocket("/ws/{user_id}")
async def talk(websocket: WebSocket, user_id: str) -> None:
    """The first frame names the partner; everything after it goes there."""
    await websocket.accept()
    partner = orjson.loads(await websocket.receive_text())["partner"]
    sockets[user_id] = websocket
    await websocket.send_text('{"type":"ready"}')
    try:
        while True:
            text = await websocket.receive_text()
            if kind == "echo":
                await sockets[partner].send_text(text)
                continue
            said = orjson.loads(text)
            number = await _stored(said) if kind == "single" else 1
            sent = {"type": "sent", "id": str(number), "client_id": said["client_id"]}
            await sockets[partner].send_text(orjson.dumps(said | {"type": "message", "id": str(number)}).decode())
            await websocket.send_text(orjson.dumps(sent).decode())
    except (WebSocketDisconnect, KeyError):
        sockets.pop(user_id, None)


async def _stored(said: dict[str, str]) -> int:
    async with pool.connection() as connection:
        row = (int(said["conversation_id"]), said["client_id"], said["content"])
        found = await (await connection.execute(INSERT, row)).fetchone()
    return int(found[0]) if found else 0


def main() -> None:
    """Serve with the flags of `app.server`."""
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(os.environ["FLOOR_PORT"]),
        log_config=None,
        access_log=False,
        ws=LineWebSocketProtocol,
        ws_max_size=server.MAX_FRAME_BYTES,
        ws_max_queue=server.MAX_FRAMES_WAITING,
        ws_ping_interval=server.PING_SECONDS,
        ws_per_message_deflate=False,
        server_header=False,
    )


if __name__ == "__main__":
    main()
