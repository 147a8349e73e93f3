"""What was there before the uses of files were noted is noted by the migration, so that no sweep takes it."""

import json
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from app.kernel.db import async_url
from tests.architecture.test_migrations import alembic
from tests.architecture.test_migrations import empty_database as empty_database

USER = "INSERT INTO users VALUES (:id, :id, 'buyer', :avatar, '', NULL, NULL, '', '', NULL, 1, 1)"
FILE = "INSERT INTO files VALUES (:id, 'b1', 'x', :path, 'image/webp', 1, NULL, NULL, NULL, 's', 5, :at)"
TALK = (
    "INSERT INTO conversations (id, customer_id, merchant_id, status, priority, last_seq, last_message, "
    "last_message_type, last_message_time, customer_unread, merchant_unread, customer_read_seq, merchant_read_seq, "
    "created_at, updated_at) VALUES (:id, 'b1', 'm1', 'open', 'normal', 1, '', 'text', 1, 0, 0, 0, 0, 1, 1)"
)
MESSAGE = "INSERT INTO messages VALUES (:id, :talk, :id, :name, 'b1', 'buyer', 'x', 'text', :files, NULL, 1)"


def shown(*ids: int) -> str:
    return json.dumps([{"id": str(number), "name": "x"} for number in ids])


async def test_uses_and_faces_are_found(empty_database: str, tmp_path: Path) -> None:
    alembic(empty_database, tmp_path, "upgrade", "0004")
    faces = {"b1": "/media/uploads/face.webp", "b2": "/media/uploads/other-small.webp", "m1": "/media/avatars/x.png"}
    rows: list[tuple[str, dict[str, Any]]] = [(USER, {"id": name, "avatar": face}) for name, face in faces.items()]
    paths = {1: "sent", 2: "face", 3: "other", 4: "left", 5: "twice"}
    rows += [
        (FILE, {"id": number, "path": f"uploads/{name}.webp", "at": 9 if number in (1, 5) else None})
        for number, name in paths.items()
    ]
    rows += [(TALK, {"id": number}) for number in (100, 200)]
    written = [(100, shown(1, 5)), (100, shown(5)), (200, shown(5, 77)), (200, None)]  # 77 is gone
    rows += [(MESSAGE, {"id": n, "talk": talk, "name": f"c{n}", "files": files})
             for n, (talk, files) in enumerate(written, 1)]  # fmt: skip
    engine = create_async_engine(async_url(empty_database))
    async with engine.begin() as connection:
        for statement, values in rows:
            await connection.execute(text(statement), values)
    alembic(empty_database, tmp_path, "upgrade", "0006")
    async with engine.connect() as connection:
        uses = await connection.execute(text("SELECT file_id, used_by FROM file_uses"))
        assert {tuple(row) for row in uses} == {(1, 100), (5, 100), (5, 200)}
        taken = await connection.execute(text("SELECT id, attached_at FROM files ORDER BY id"))
        assert [tuple(row) for row in taken] == [(1, 9), (2, 5), (3, 5), (4, None), (5, 9)]
    await engine.dispose()
    alembic(empty_database, tmp_path, "downgrade", "0004")
