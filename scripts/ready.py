"""Waits until the server of scripts/start answers, then says where it is and who can sign in.

Its arguments are the server's process id, because when that process is gone there is nothing to say, and the address of
its health. The product is imported late, when the server no longer needs the processor for its own start.
"""

import asyncio
import os
import sys
import time
import urllib.error
import urllib.request

LOOK_AGAIN_SECONDS = 0.1
SIGN_INS_SHOWN = ("chen", "an", "admin", "lin", "maria")  # an owner, a colleague, an admin, two buyers
ROLES = {"merchant": "merchant 商家", "admin": "admin 管理员", "buyer": "buyer 买家"}


def wait(server: int, health: str) -> None:
    """Return when `health` answers; leave when the server is gone."""
    while True:
        try:
            os.kill(server, 0)
        except ProcessLookupError:
            sys.exit()
        try:
            urllib.request.urlopen(health, timeout=2).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(LOOK_AGAIN_SECONDS)


def say() -> None:
    """Addresses, and the demo's sign-ins when its whole cast lives in this database."""
    from sqlmodel import col, select

    from app.accounts.models import User
    from app.demo import people
    from app.kernel.config import get_settings
    from app.kernel.db import Database

    settings = get_settings()
    cast = people.everybody()

    async def has_the_cast() -> bool:
        db = Database(settings)
        async with db.reading() as session:
            found = set(await session.exec(select(User.username).where(col(User.username).in_(cast))))
        await db.dispose()
        return found == set(cast)

    is_demo = settings.demo and asyncio.run(has_the_cast())
    base = settings.base_url
    print("\n  Parley is ready · 已就绪\n")
    if is_demo:
        print(f"  shop page, chat as a visitor · 店铺页面    {base}/demo")
    print(f"  console · 控制台                           {base}/sign-in")
    print(f"  API                                        {base}/docs\n")
    if is_demo:
        print(f"  sign in with the password {people.PASSWORD} as")
        for person in (cast[name] for name in SIGN_INS_SHOWN):
            print(f"    {person.username:<8} {ROLES[person.role]:<16}{person.name}")
    else:
        print("  the first admin: backend/.venv/bin/parley create-admin a1 admin <password>")
    print("\n  Ctrl+C ends it.\n", flush=True)


if __name__ == "__main__":
    wait(int(sys.argv[1]), sys.argv[2])
    say()
