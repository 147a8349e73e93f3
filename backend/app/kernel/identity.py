"""Who asks. Resolved by the accounts room through `app.state.authenticate`; rules start from these aliases."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, cast

from fastapi import Depends, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection

from app.kernel.errors import Forbidden, Unauthorized, read_only


class Role(StrEnum):
    """`merchant` is the owner or a member of the staff; `platform` is the assistant and system notices."""

    BUYER = "buyer"
    MERCHANT = "merchant"
    ADMIN = "admin"
    PLATFORM = "platform"


@dataclass(frozen=True, slots=True)
class Identity:
    """The caller. `merchant_id` is set for the merchant's side only: the shop for which this person acts."""

    user_id: str
    role: Role
    merchant_id: str | None
    session_id: int
    """The session's id, or the key's: what ends it closes its sockets."""
    is_api_key: bool = False
    """A shop's program with a key, not a person who signed in."""


_bearer = HTTPBearer(
    auto_error=False,
    description=(
        "The `access_token` of `POST /auth/login`, or an API key `pk_…` of your shop (Settings, API keys): it acts for "
        "the shop with the owner's rights, but manages no keys, no staff and no account (403 `not_by_api_key`)."
    ),
)
Authenticate = Callable[[HTTPConnection], Awaitable[Identity | None]]


async def maybe_me(
    connection: HTTPConnection, _: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)] = None
) -> Identity | None:
    """The caller, or None for a stranger. A token that is presented and wrong is an error, not a stranger."""
    authenticate = cast(Authenticate, connection.app.state.authenticate)
    return await authenticate(connection)


async def _me(identity: Annotated[Identity | None, Depends(maybe_me)]) -> Identity:
    if identity is None:
        raise Unauthorized()
    return identity


def _only(*roles: Role, admins_read: bool = False) -> Callable[[Identity], Awaitable[Identity]]:
    async def check(identity: Annotated[Identity, Depends(_me)]) -> Identity:
        if identity.role is Role.ADMIN and admins_read:
            raise read_only()
        if identity.role not in roles:
            raise Forbidden("wrong_role", "Your role may not do this.")
        return identity

    return check


MaybeMe = Annotated[Identity | None, Depends(maybe_me)]
Me = Annotated[Identity, Depends(_me)]
Buyer = Annotated[Identity, Depends(_only(Role.BUYER))]
Merchant = Annotated[Identity, Depends(_only(Role.MERCHANT))]
Admin = Annotated[Identity, Depends(_only(Role.ADMIN))]
Participant = Annotated[Identity, Depends(_only(Role.BUYER, Role.MERCHANT, admins_read=True))]
"""Who writes in conversations."""
Insider = Annotated[Identity, Depends(_only(Role.MERCHANT, admins_read=True))]
"""Who writes what only the merchant's side and admins see."""
Watcher = Annotated[Identity, Depends(_only(Role.MERCHANT, Role.ADMIN))]
"""Who may see the merchant's side of a conversation: notes and activities."""
