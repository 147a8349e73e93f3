"""The WebSocket door: `/ws/{user_id}`. Who is there comes from the token, never from the path or the query."""

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import WebSocket, WebSocketDisconnect
from loguru import logger
from sqlalchemy.exc import DBAPIError
from starlette.types import ASGIApp, Scope
from starlette.types import Receive as ASGIReceive
from starlette.types import Send as ASGISend

from app.accounts import authentication
from app.audit import entries as audit
from app.audit.models import Action
from app.chat import conversations, frames
from app.chat.conversing import Conversing
from app.chat.desk import NOT_AUTHENTICATED, Desk, desk_of
from app.chat.hub import Socket, shop_watchers
from app.chat.writer import busy
from app.kernel.config import settings_of
from app.kernel.db import database_of
from app.kernel.errors import AppError, Unauthorized
from app.kernel.i18n import locale_of
from app.kernel.identity import Identity, Role
from app.kernel.limits import caller_address
from app.kernel.page_security import is_own_origin
from app.kernel.websockets import LINE

AUTH_SECONDS = 5.0
TRY_LATER, NOT_ALLOWED, TOO_SLOW, TOO_FAST = 1013, 4403, 4408, 4429
ABUSIVE = {"too_fast", "bad_frame", "unknown_frame"}
MAX_ABUSE = 50  # frames refused for speed, or not understood, before the socket is closed
SUBPROTOCOL, BEARER = "parley.v1", "bearer."

_PATH = re.compile(r"/ws/([^/]+)")


class SocketDoor:
    """The outermost middleware, which serves `/ws/{user_id}` itself.

    Ten thousand idle sockets would each keep a frame of every layer below, a third of what a socket weighs.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: ASGIReceive, send: ASGISend) -> None:
        """Serve one connection until it ends."""
        path = _PATH.fullmatch(scope["path"]) if scope["type"] == "websocket" else None
        if path is None:
            await self.app(scope, receive, send)
            return
        caller_address.set((scope.get("client") or ("",))[0])
        entry = await _entered(WebSocket(scope, receive, send), path[1], send)
        if entry is not None:
            scope["headers"] = []  # they have been read; an idle socket need not keep them
            await _serve(entry, receive)


@dataclass(slots=True)
class _Entry:
    """What is left of a connection's beginning."""

    desk: Desk
    socket: Socket
    merchants: list[str]
    """The shops with which a buyer talks."""


async def _entered(websocket: WebSocket, user_id: str, send: ASGISend) -> _Entry | None:
    """Greet and authenticate; None when the connection is over."""
    wanted = websocket.scope.get("subprotocols", [])
    with suppress(WebSocketDisconnect):  # whoever leaves before the greeting needs no answer
        await websocket.accept(subprotocol=SUBPROTOCOL if SUBPROTOCOL in wanted else None)
        try:
            identity = await _authenticated(websocket, user_id)
            merchants = await _merchants_of(websocket, identity)
        except TimeoutError:
            await websocket.close(TOO_SLOW, "no token in time")
            return None
        except DBAPIError as error:
            logger.warning("socket: the database is away: {}", error.orig)
            await websocket.close(TRY_LATER, "try again later")
            return None
        if identity is None:
            await websocket.close(NOT_AUTHENTICATED, "not authenticated")
        elif identity.user_id != user_id:
            await websocket.close(NOT_ALLOWED, "not your user id")
        else:
            line = websocket.scope.get("extensions", {}).get(LINE)
            return _Entry(desk_of(websocket), Socket(identity, send, locale_of(websocket), line), merchants)
    return None


async def _authenticated(websocket: WebSocket, user_id: str) -> Identity | None:
    """By subprotocol, by header or cookie when they are this user's, or by the first frame.

    A cookie of somebody else is no refusal: a merchant may try the shop's own widget in the same browser.
    """
    db, settings = database_of(websocket), settings_of(websocket)
    for offered in websocket.scope.get("subprotocols", []):
        if offered.startswith(BEARER):
            return await authentication.authenticate_token(db, settings, offered.removeprefix(BEARER))
    if "authorization" in websocket.headers or is_own_origin(websocket, settings):
        with suppress(Unauthorized):
            identity = await authentication.authenticate(websocket)
            if identity is not None and identity.user_id == user_id:
                return identity
    async with asyncio.timeout(AUTH_SECONDS):
        message = await websocket.receive()
    frame = _parsed(message)
    token = frame.get("token") if frame and frame.get("type") == "auth" else None
    return await authentication.authenticate_token(db, settings, token) if isinstance(token, str) else None


async def _merchants_of(websocket: WebSocket, identity: Identity | None) -> list[str]:
    if identity is None or identity.role is Role.MERCHANT:
        return []
    async with database_of(websocket).reading() as session:
        if identity.role is not Role.BUYER:
            await audit.looked(session, identity, Action.WALL_WATCHED)
            return []
        return await conversations.merchants_of(session, identity.user_id)


async def _serve(entry: _Entry, receive: ASGIReceive) -> None:
    desk, socket, merchants = entry.desk, entry.socket, entry.merchants
    socket.audiences.update(shop_watchers(merchant) for merchant in merchants)
    identity, hub, presence = socket.identity, desk.hub, desk.presence
    if not identity.is_api_key:  # a program is not somebody at the desk
        presence.came(identity, merchants)
    hub.push(socket, frames.ready(identity.user_id, identity.role))
    hub.push(socket, frames.online_users(presence.visible_to(socket)))
    hub.join(socket)
    conversing = Conversing(desk, socket)
    if socket.line is not None:
        socket.line.settle(conversing.at_once)
    try:
        await _listen(receive, desk, socket, conversing)
    finally:
        hub.leave(socket)
        if not identity.is_api_key:
            presence.left(identity)
        desk.viewing.left(socket)
        conversing.ended()
        if socket.line is not None:
            socket.line.on_text = None


async def _listen(receive: ASGIReceive, desk: Desk, socket: Socket, conversing: Conversing) -> None:
    abuse = 0
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return
        socket.is_busy = True
        problem = await _answered(desk, socket, conversing, _parsed(message))
        socket.is_busy = False
        abuse += problem in ABUSIVE
        if abuse >= MAX_ABUSE:
            await socket.close(TOO_FAST, "too many bad frames")
            return


async def _answered(desk: Desk, socket: Socket, conversing: Conversing, frame: dict[str, Any] | None) -> str | None:
    """Answer one frame; the code of the error that the client was told, if any."""
    try:
        if not conversing.is_within_rate():
            raise AppError(429, "too_fast", "You send faster than this connection may.")
        if frame is None:
            raise AppError(400, "bad_frame", "A frame is a JSON object with a type.")
        await conversing.answer(frame)
    except AppError as error:
        problem = error
    except DBAPIError as error:
        logger.warning("socket: the database is away: {}", error.orig)
        problem = busy()
    except Exception as error:  # the outermost loop of a socket: one frame's fault must not end it
        logger.opt(exception=error).error("socket: a frame failed")
        problem = AppError(500, "internal", "Something went wrong on our side.")
    else:
        return None
    desk.hub.push(socket, frames.error(problem, socket.locale, frame and frame.get("client_id")))
    return problem.code


def _parsed(message: Mapping[str, Any]) -> dict[str, Any] | None:
    try:
        frame = orjson.loads(message.get("text") or message.get("bytes") or b"")
    except orjson.JSONDecodeError:
        return None
    return frame if isinstance(frame, dict) and isinstance(frame.get("type"), str) else None
