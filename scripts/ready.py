"""Waits until the server of scripts/start answers, then says where it is and who can sign in.

Its one argument is the server's process id: when that process is gone before it answers, there is nothing to say.
"""

import asyncio
import os
import sys
import time
import urllib.error
import urllib.request

from sqlmodel import col, select

from app.accounts.models import User
from app.demo import people
from app.kernel.config import Settings, get_settings
from app.kernel.db import Database

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


async def has_the_demo(settings: Settings) -> bool:
    """Whether the demo's whole cast lives in this database."""
    db = Database(settings)
    cast = {person.username for person in people.everybody().values()}
    async with db.reading() as session:
        found = set(await session.exec(select(User.username).where(col(User.username).in_(cast))))
    await db.dispose()
    return found == cast


def say(settings: Settings) -> None:
    """Addresses, and the demo's sign-ins when they are there."""
    base = settings.base_url
    is_demo = settings.demo and asyncio.run(has_the_demo(settings))
    print("\n  Parley is ready · 已就绪\n")
    if is_demo:
        print(f"  shop page, chat as a visitor · 店铺页面    {base}/demo")
    print(f"  console · 控制台                           {base}/sign-in")
    print(f"  API                                        {base}/docs\n")
    if is_demo:
        print(f"  sign in with the password {people.PASSWORD} as")
        cast = people.everybody()
        for person in (cast[name] for name in SIGN_INS_SHOWN):
            print(f"    {person.username:<8} {ROLES[person.role]:<16}{person.name}")
    else:
        print("  the first admin: backend/.venv/bin/parley create-admin a1 admin <password>")
    print("\n  Ctrl+C ends it.\n", flush=True)


def main() -> None:
    """Wait, then say."""
    settings = get_settings()
    host = "127.0.0.1" if settings.host in ("", "0.0.0.0") else settings.host
    wait(int(sys.argv[1]), f"http://{host}:{settings.port}/health")
    say(settings)


if __name__ == "__main__":
    main()
