"""Who looks at a page: strangers are led to the sign-in, and the frame of the console learns whose it is."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import users
from app.accounts.models import Staff, StaffRole
from app.accounts.shapes import ViewerPublic
from app.kernel.config import settings_of
from app.kernel.errors import AppError, Forbidden
from app.kernel.identity import Identity, MaybeMe, Role

HOMES = {Role.MERCHANT: "/inbox", Role.ADMIN: "/admin/conversations", Role.BUYER: "/demo"}


def home_of(role: Role) -> str:
    """Where somebody of this role belongs."""
    return HOMES.get(role, "/")


def _at_the_desk(*roles: Role) -> Callable[[Request, Identity | None], Awaitable[Identity]]:
    async def check(request: Request, me: MaybeMe) -> Identity:
        if me is None:
            asked = quote(request.url.path, safe="/")
            headers = {"Location": f"/sign-in?next={asked}"}
            raise AppError(303, "not_authenticated", "Please sign in.", headers=headers)
        if me.role not in roles:
            raise Forbidden("wrong_role", "Your role may not do this.")
        return me

    return check


MerchantAtDesk = Annotated[Identity, Depends(_at_the_desk(Role.MERCHANT))]
AdminAtDesk = Annotated[Identity, Depends(_at_the_desk(Role.ADMIN))]
PersonAtDesk = Annotated[Identity, Depends(_at_the_desk(Role.MERCHANT, Role.ADMIN))]
"""Whoever works in the console."""


async def viewer(request: Request, session: AsyncSession, me: Identity) -> ViewerPublic:
    """The signed-in person as the console's frame shows them."""
    user, row = await users.get(session, me.user_id), await session.get(Staff, me.user_id)
    shown = ViewerPublic.of(settings_of(request), user, row.merchant_id if row else None)
    if row is not None:
        shown.availability, shown.is_owner = row.availability, row.role is StaffRole.OWNER
    return shown
