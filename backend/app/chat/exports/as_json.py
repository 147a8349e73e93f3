"""One JSON document for programs: names of fields are the API's, ids are strings, times are seconds since the epoch."""

from collections.abc import Iterable
from typing import Any, BinaryIO

import orjson

from app.chat.exports.columns import About
from app.chat.exports.reading import NOTE, Line, Talk
from app.files.urls import absolute

VERSION = 1


class JsonFile:
    """Writes conversations with their messages, each as soon as it is known."""

    def __init__(self, file: BinaryIO, about: About) -> None:
        self._file = file
        self._settings = about.settings
        self._talk_id = 0
        self._is_first = True
        self._counts = {"conversations": 0, "messages": 0, "notes": 0}
        filters = about.order.model_dump(mode="json", exclude={"format", "locale"}, exclude_none=True)
        head = {"format": "parley.conversations", "version": VERSION, "exported_at": about.at, "filters": filters}
        file.write(orjson.dumps(head)[:-1] + b',"conversations":[')

    def write(self, lines: Iterable[Line]) -> None:
        """Add lines."""
        parts: list[bytes] = []
        for line in lines:
            if line.talk.id != self._talk_id:
                parts += (b"]}" if self._talk_id else b"", b",\n" if self._talk_id else b"\n", self._opened(line.talk))
                self._talk_id, self._is_first = line.talk.id, True
            parts += (b"\n" if self._is_first else b",\n", orjson.dumps(self._message(line)))
            self._is_first = False
            self._counts["notes" if line.kind == NOTE else "messages"] += 1
        self._file.write(b"".join(parts))

    def finish(self) -> None:
        """Close what is open, with the counts."""
        end = b"]}" if self._talk_id else b""
        self._file.write(end + b'\n],"counts":' + orjson.dumps(self._counts) + b"}\n")

    def _opened(self, talk: Talk) -> bytes:
        self._counts["conversations"] += 1
        values: dict[str, Any] = {
            "id": str(talk.id),
            "customer": {"id": talk.customer_id, "name": talk.customer},
            "merchant": {"id": talk.merchant_id, "name": talk.merchant},
            "status": talk.status,
            "assignee": {"id": talk.assignee_id, "name": talk.assignee} if talk.assignee_id else None,
            "labels": talk.labels,
            "created_at": talk.created_at,
        }
        return orjson.dumps(values)[:-1] + b',"messages":['

    def _message(self, line: Line) -> dict[str, Any]:
        is_note = line.kind == NOTE
        message: dict[str, Any] = {
            "id": str(line.id),
            "seq": line.seq,
            "sender_id": line.sender_id,
            "sender_name": line.sender,
            "sender_role": line.side,
            "message_type": line.kind,
            "content": line.content,
            "created_at": line.created_at,
        }
        if is_note:
            return message | {"after_seq": line.after_seq}
        message["attachments"] = [
            {name: file.get(name) for name in ("id", "name", "size", "content_type")}
            | {"url": absolute(self._settings, file["url"])}
            for file in line.attachments
        ]
        message["reply_to"] = str(line.reply_to) if line.reply_to else None
        return message
