"""What the product says by itself in a shop's name: greetings, away texts, answers of rules.

Such a message bears the role `platform`: it is no answer of a person, so the buyer goes on waiting and no report counts
it as a reply. Its `client_id` says why it was sent, so that what is said twice is one message.
"""

from app.accounts import platform
from app.chat.desk import Desk
from app.chat.drafts import Draft
from app.chat.plan import Sent
from app.kernel.identity import Identity, Role


def voice_of(merchant_id: str) -> Identity:
    """The product as it speaks for one shop."""
    return Identity(platform.USER_ID, Role.PLATFORM, merchant_id, 0)


async def say(desk: Desk, merchant_id: str, conversation_id: int, client_id: str, content: str) -> Sent:
    """Send `content` to the buyer; the first answer again when `client_id` was said before."""
    await desk.db.write(platform.ensure)
    return await desk.writer.send(Draft(voice_of(merchant_id), conversation_id, client_id, content))
