"""The frame `page` of a buyer's socket: what the shop's side then sees of the visit."""

from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.models import AuthSession
from app.chat import frames, visits
from app.chat.desk import Desk
from app.chat.drafts import invalid
from app.chat.hub import ADMINS, Delivery, Socket, shop_watchers, team
from app.chat.visits import VisitPublic
from app.kernel import clock
from app.kernel.errors import AppError
from app.kernel.identity import Role

SECONDS_BETWEEN = 1.0  # a page that goes faster from page to page is not read either
MAX_TEXT = 2000  # characters of an address as it is sent


async def page(desk: Desk, socket: Socket, frame: dict[str, Any]) -> None:
    """Note the page and tell the shop. Nothing is kept of a buyer who has not written to this shop."""
    identity = socket.identity
    if identity.role is not Role.BUYER:
        raise AppError(403, "wrong_role", "Your role may not do this.")
    merchant_id = _text(frame, "merchant_id")
    if shop_watchers(merchant_id) not in socket.audiences:
        return
    said = {name: _text(frame, name) for name in ("url", "title", "referrer")}
    at = clock.monotonic()
    if at - socket.paged_at < SECONDS_BETWEEN:
        return
    socket.paged_at = at
    if await desk.blocked_buyers.has(merchant_id, identity.user_id):
        return

    async def note(session: AsyncSession) -> VisitPublic | None:
        signed_in = await session.get(AuthSession, identity.session_id)
        device = visits.device_of(signed_in.user_agent) if signed_in else ""
        return await visits.record(session, merchant_id, identity.user_id, said, socket.locale, device)

    visit = await desk.db.write(note)
    if visit is not None:
        told = {"type": "visit", "merchant_id": merchant_id, **visit.model_dump(mode="json")}
        desk.hub.deliver([Delivery([team(merchant_id), ADMINS], frames.dump(told))])


def _text(frame: dict[str, Any], name: str) -> str:
    said = frame.get(name) or ""
    if not isinstance(said, str) or len(said) > MAX_TEXT:
        raise invalid(name, f"{name} must be text of at most {{max}} characters.", max=MAX_TEXT)
    return "".join(letter for letter in said if ord(letter) >= 32).encode("utf-8", "ignore").decode()
