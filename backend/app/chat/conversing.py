"""What one socket says: each frame of the client, parsed and handed to one verb."""

import asyncio
from typing import Any

import orjson

from app.chat import conversations, deletions, frames, messages, visiting
from app.chat.access import check_may_write
from app.chat.desk import Desk
from app.chat.drafts import Draft, checked_id, invalid, is_encodable
from app.chat.hub import ADMINS, Delivery, Socket, person, team
from app.chat.plan import Outcome
from app.chat.typing_previews import MAX_TEXT
from app.kernel import clock
from app.kernel.errors import AppError
from app.kernel.identity import Identity, Role
from app.kernel.models import MAX_BIGINT

MAX_IN_FLIGHT = 64  # sends of one socket that wait for their commit
MAX_SYNC = 500  # conversations of one `sync`
MAX_PARTIES = 20_000  # conversations whose two sides this process remembers
MAX_SEQ = 2**31 - 1
BURST_SECONDS = 2  # a socket may send twice its rate at once


class Conversing:
    """Answers the frames of one socket, in their order."""

    __slots__ = ("_desk", "_rate", "_room", "_socket")

    def __init__(self, desk: Desk, socket: Socket) -> None:
        self._desk = desk
        self._socket = socket
        self._room: asyncio.Event | None = None
        self._rate = float(desk.settings.socket_frames_per_second)
        socket.allowance, socket.allowance_at = self._rate * BURST_SECONDS, clock.monotonic()

    def at_once(self, text: bytes) -> bool:
        """Answer a frame that needs no waiting: a message without files. False leaves it, uncounted, to `answer`."""
        socket = self._socket
        if socket.is_busy or socket.in_flight >= MAX_IN_FLIGHT or socket.allowance < 1:
            return False
        try:
            frame = orjson.loads(text)
        except orjson.JSONDecodeError:
            return False
        if type(frame) is not dict or frame.get("type") != "send" or frame.get("attachment_ids"):
            return False
        if self._desk.suspended and socket.identity.role is Role.BUYER:
            return False
        self.is_within_rate()
        try:
            _check_name(frame)
            self._submit(messages.checked_draft(socket.identity, frame.get("conversation_id"), frame))
        except AppError as error:
            self._push(frames.error(error, socket.locale, frame.get("client_id")))
        return True

    async def answer(self, frame: dict[str, Any]) -> None:
        """Do what the frame asks. Raises `AppError` for what the client should know."""
        kind = frame["type"]
        if kind == "send":
            await self._send(frame)
        elif kind == "read":
            await self._read(frame)
        elif kind == "typing":
            await self._typing(frame)
        elif kind == "viewing":
            await self._viewing(frame)
        elif kind == "page":
            await visiting.page(self._desk, self._socket, frame)
        elif kind == "sync":
            await self._sync(frame)
        elif kind == "ping":
            self._ping(frame.get("t"))
        elif kind != "auth":
            raise AppError(400, "unknown_frame", "This type of frame is unknown.")

    def is_within_rate(self) -> bool:
        """Count a frame in a token bucket: `socket_frames_per_second`, twice that at once."""
        socket, now = self._socket, clock.monotonic()
        allowance = min(self._rate * BURST_SECONDS, socket.allowance + (now - socket.allowance_at) * self._rate)
        socket.allowance_at = now
        socket.allowance = max(0.0, allowance - 1)
        return allowance >= 1

    def ended(self) -> None:
        """The socket is gone; nobody waits any more."""
        if self._room is not None:
            self._room.set()

    def _push(self, frame: bytes) -> None:
        self._desk.hub.push(self._socket, frame)

    def _ping(self, said: object) -> None:
        if isinstance(said, list | dict):  # nested deeper than our encoder goes, it would be our fault
            raise invalid("t", "t must be a number or text.")
        self._push(frames.dump({"type": "pong", "t": said}))

    async def _send(self, frame: dict[str, Any]) -> None:
        _check_name(frame)
        draft = await messages.draft_of(self._desk.db, self._socket.identity, frame.get("conversation_id"), frame)
        await self._desk.check_open(self._socket.identity, draft.conversation_id)
        if self._socket.in_flight >= MAX_IN_FLIGHT:
            self._room = asyncio.Event()
            await self._room.wait()
            self._room = None
        self._submit(draft)

    def _submit(self, draft: Draft) -> None:
        socket = self._socket

        def done(outcome: Outcome) -> None:
            socket.in_flight -= 1
            if self._room is not None:
                self._room.set()
            if isinstance(outcome, AppError):
                self._push(frames.error(outcome, socket.locale, draft.client_id))
            else:
                self._push(frames.sent(outcome.message))

        socket.in_flight += 1
        self._desk.writer.submit(draft, done, socket)

    async def _read(self, frame: dict[str, Any]) -> None:
        conversation_id = checked_id(frame.get("conversation_id"), "conversation_id")
        seq = _checked_seq(frame.get("seq"))
        identity = self._socket.identity
        await self._desk.db.write(lambda session: conversations.mark_read(session, identity, conversation_id, seq))

    async def _typing(self, frame: dict[str, Any]) -> None:
        identity = self._socket.identity
        conversation_id = checked_id(frame.get("conversation_id"), "conversation_id")
        is_on = frame.get("on")
        if not isinstance(is_on, bool):
            raise invalid("on", "on must be true or false.")
        check_may_write(identity)
        customer_id, merchant_id = await self._parties(conversation_id)
        if identity.role is Role.BUYER and await self._desk.blocked_buyers.has(merchant_id, customer_id):
            return  # the page knows, and has no composer: who types all the same is not heard
        others, ours = [person(customer_id), ADMINS], [team(merchant_id)]
        plain = frames.typing(conversation_id, identity.user_id, is_on)
        preview = await self._preview(frame, merchant_id) if is_on else None
        if preview is None:
            self._desk.hub.deliver([Delivery([*others, *ours], plain, self._socket)])
            return
        with_text = frames.typing(conversation_id, identity.user_id, is_on, preview)
        self._desk.hub.deliver([Delivery(others, plain, self._socket), Delivery(ours, with_text, self._socket)])

    async def _preview(self, frame: dict[str, Any], merchant_id: str) -> str | None:
        """What a buyer has typed so far, for shops that look on; for the team alone, and stored nowhere."""
        text = frame.get("text")
        if text is None or self._socket.identity.role is not Role.BUYER:
            return None
        if not isinstance(text, str) or not is_encodable(text):
            raise invalid("text", "text must be text.")
        return text[:MAX_TEXT] if await self._desk.typing_previews.allowed(merchant_id) else None

    async def _viewing(self, frame: dict[str, Any]) -> None:
        identity, asked = self._socket.identity, frame.get("conversation_id")
        if identity.role is not Role.MERCHANT or identity.merchant_id is None:
            raise AppError(403, "wrong_role", "Your role may not do this.")
        conversation_id = None if asked is None else checked_id(asked, "conversation_id")
        if conversation_id is not None:
            await self._parties(conversation_id)
        self._desk.viewing.look(self._socket, conversation_id, identity.merchant_id)

    async def _sync(self, frame: dict[str, Any]) -> None:
        asked = frame.get("conversations")
        if not isinstance(asked, dict) or len(asked) > MAX_SYNC:
            raise invalid("conversations", "conversations must map at most {max} ids to seqs.", max=MAX_SYNC)
        known = {checked_id(name, "conversations"): _checked_seq(seq) for name, seq in asked.items()}
        since = frame.get("since")
        async with self._desk.db.reading() as session:
            missed, given, more = await messages.missed(session, self._socket.identity, known)
            at = None if since is None else _checked_time(since)
            gone = [] if at is None else await deletions.since(session, self._socket.identity, known, at)
        for row in missed:
            self._push(frames.message(row, self._desk.settings))
        for one in gone:
            self._push(frames.message_deleted(*one))
        synced: dict[str, Any] = {
            "type": "synced",
            "conversations": {str(number): seq for number, seq in given.items()},
            "more": [str(number) for number in more],
            "unknown": [str(number) for number in known.keys() - given.keys()],
        }
        self._push(frames.dump(synced))

    async def _parties(self, conversation_id: int) -> tuple[str, str]:
        """The two sides of a conversation that this socket's person may see, remembered as long as they fit.

        They change once in a conversation's life at most: when a visitor turns out to be a customer.
        """
        identity = self._socket.identity
        kept = self._desk.parties.get(conversation_id)
        if kept is None or not _is_party(identity, kept):
            async with self._desk.db.reading() as session:
                found = await conversations.get(session, identity, conversation_id)
            kept = (found.customer_id, found.merchant_id)
            if len(self._desk.parties) >= MAX_PARTIES:
                self._desk.parties.clear()
            self._desk.parties[conversation_id] = kept
        return kept


def _is_party(identity: Identity, parties: tuple[str, str]) -> bool:
    return identity.user_id == parties[0] or identity.merchant_id == parties[1]


def _check_name(frame: dict[str, Any]) -> None:
    """Without a name of the client's own, `sent` would not say which message it answers."""
    if frame.get("client_id") is None:
        raise invalid("client_id", "A message sent over the socket needs a client_id.")


def _checked_seq(value: object) -> int:
    if type(value) is not int or not 0 <= value <= MAX_SEQ:
        raise invalid("seq", "seq must be a number from 0.")
    return value


def _checked_time(value: object) -> int:
    if type(value) is not int or not 0 <= value <= MAX_BIGINT:
        raise invalid("since", "since must be a time: seconds since 1970.")
    return value
