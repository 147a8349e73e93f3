"""A buyer's own conversation by mail, as both sides saw it: no notes, no activities."""

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.models import User
from app.chat import access
from app.chat.models import Message
from app.kernel.errors import Conflict
from app.kernel.i18n import sentence, translate
from app.kernel.identity import Identity, Role
from app.messengers import mail

MOST = 200  # messages; a mail is no archive, and a copy of everything is made by `/users/me/export`
MOST_LETTERS = 60_000  # of all of them: a mail that is made of more is refused
YOU = sentence("You")
FILES = sentence("[{names}]")


async def send(session: AsyncSession, me: Identity, conversation_id: int, to: str, locale: str) -> str:
    """Mail the newest messages of a conversation to `to`; says of which shop. 404 when it is not the caller's own."""
    row = await access.conversation(session, me, conversation_id)
    shop = await session.get_one(User, row.merchant_id)
    newest = select(Message).where(col(Message.conversation_id) == row.id).order_by(col(Message.seq).desc())
    messages, letters = [], 0
    for message in (await session.exec(newest.limit(MOST))).all():
        names = ", ".join(attachment["name"] for attachment in message.attachments or ())
        said = "\n".join(
            part for part in (message.content, translate(FILES, locale, names=names) if names else "") if part
        )
        letters += len(said)
        if letters > MOST_LETTERS:
            break
        author = translate(YOU, locale) if message.sender_role is Role.BUYER else shop.name
        if said:
            messages.append({"author": author, "at": message.created_at, "text": said})
    if not messages:
        raise Conflict("nothing_said", "Nothing has been said in this conversation yet.")
    context = {"shop": shop.name, "messages": messages[::-1], "link": ""}
    await mail.send(session, to=to, template="transcript", locale=locale, context=context, owner_id=me.user_id)
    return shop.id
