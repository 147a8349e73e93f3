"""Background work of the address book; importing it makes the book listen."""

from functools import partial
from typing import Any

import app.chat.contacts_erasing  # noqa: F401
from app.chat import contacts_buyers, introductions
from app.jobs.kinds import Nothing, job
from app.jobs.runs import Run
from app.kernel.i18n import sentence

SLICE = 200

contacts_buyers.listen()
introductions.listen()


@job("chat.note_seen", Nothing, title=sentence("Last seen in address books"), soft_seconds=50, hard_seconds=58)
async def note_seen(run: Run, _: Nothing) -> dict[str, Any]:
    """Let the contacts of conversations that moved say when that was: a message itself must not wait for it."""
    return {"contacts": await run.db.write(partial(contacts_buyers.note_seen, limit=SLICE))}
