"""The platform's own account, in whose name the product acts by itself: `p1`. It signs in nowhere."""

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.models import User
from app.kernel.identity import Identity, Role
from app.kernel.ids import new_id

USER_ID = "p1"
NAME = "Parley"
PLATFORM = Identity(USER_ID, Role.PLATFORM, None, 0)


async def ensure(session: AsyncSession) -> Identity:
    """The platform as an actor; its account is made when it acts for the first time."""
    if await session.get(User, USER_ID) is None:
        try:
            async with session.begin_nested():
                # No person's user name has a space, so nobody can have this one.
                session.add(User(id=USER_ID, username=f"platform {new_id()}", display_name=NAME, role=Role.PLATFORM))
                await session.flush()
        except IntegrityError:  # another worker was first
            pass
    return PLATFORM
