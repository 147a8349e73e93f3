"""Makes the demo's shop plain: always open, silent, routing nothing. Journeys that want otherwise say so themselves."""

import asyncio

from sqlalchemy import delete, update

from app.accounts.models import Staff
from app.accounts.opening import ShopHoliday, ShopHours
from app.accounts.shop_settings import Routing, ShopSettings
from app.kernel.config import get_settings
from app.kernel.db import Database


async def make_plain() -> None:
    """In the installation of the environment, before its server starts."""
    db = Database(get_settings())
    async with db.writing() as session:
        await session.exec(delete(ShopHours))
        await session.exec(delete(ShopHoliday))
        await session.exec(update(ShopSettings).values(routing=Routing.OFF, welcome_text="", away_text=""))
        await session.exec(update(Staff).values(availability="online"))
    await db.dispose()


if __name__ == "__main__":
    asyncio.run(make_plain())
