"""What threads of the demo show beside plain messages: one that answers another, and a note that names a colleague."""

from collections.abc import Sequence

from app.chat.threads_models import NoteMention
from app.demo.transcripts import Transcript
from app.kernel.identity import Role

BUYER, COLLEAGUE, CALLED = "b1", "m2", "安然"


def link(told: Sequence[Transcript]) -> list[NoteMention]:
    """The buyer’s newest words answer the shop’s last; a note that says who is to act names that colleague."""
    mentions = []
    for transcript in told:
        if transcript.conversation.customer_id != BUYER:
            continue
        asked = [message for message in transcript.messages if message.sender_role is Role.MERCHANT]
        last = transcript.messages[-1] if transcript.messages else None
        if asked and last is not None and last.sender_role is Role.BUYER:
            last.reply_to = asked[-1].id
        for note in transcript.notes:
            if CALLED in note.content and note.author_id != COLLEAGUE:
                note.content = note.content.replace(CALLED, f"@{CALLED} ", 1)
                mentions.append(
                    NoteMention(
                        note_id=note.id,
                        user_id=COLLEAGUE,
                        conversation_id=note.conversation_id,
                        created_at=note.created_at,
                    )
                )
    return mentions
