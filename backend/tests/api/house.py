"""A house with people in it that runs beside a test in a thread of its own: schemathesis is not async."""

import asyncio
import tempfile
import threading
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from fastapi import FastAPI

from app.kernel.config import Settings
from app.kernel.db import Database
from app.kernel.identity import Role
from app.main import create_app
from tests import databases, people
from tests.conftest import SERVER, WORKER
from tests.people import Person
from tests.serving import Server, served

T = TypeVar("T")
PEOPLE = {
    "lin": ("b501", Role.BUYER, {}),
    "chen": ("m501", Role.MERCHANT, {"display_name": "陈记米铺"}),
    "an": ("m502", Role.MERCHANT, {"merchant_id": "m501"}),
    "root": ("a501", Role.ADMIN, {}),
}


class House:
    """The address of the running application, and the people who live there by their user name."""

    app: FastAPI
    server: Server
    db: Database

    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self._loop = asyncio.new_event_loop()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` in the house's loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def come_back(self, name: str) -> Person:
        """A new session of somebody, whose old one may have been ended."""
        user_id = self.people[name].id
        self.people[name] = self.do(people.come_back(self.db, self.app.state.settings, user_id))
        return self.people[name]

    async def _open(self, stack: AsyncExitStack, settings: Settings, port: int) -> None:
        self.app = create_app(settings)
        self.db = self.app.state.db
        await stack.enter_async_context(self.app.router.lifespan_context(self.app))
        self.server = await stack.enter_async_context(served(self.app, port))
        for name, (user_id, role, more) in PEOPLE.items():
            self.people[name] = await people.enter(self.db, settings, user_id, name, role, **more)


@contextmanager
def open_house(**values: Any) -> Iterator[House]:
    """A new installation on the database of this run with `values` as its settings, served on loopback."""
    with tempfile.TemporaryDirectory(prefix="parley-house-") as folder, ExitStack() as at_the_end:
        var = Path(folder)
        address = f"sqlite:///{databases.migrated_file(var)}"
        if SERVER:
            address = databases.create(SERVER, f"house_{WORKER}", var)
            at_the_end.callback(databases.drop, SERVER, f"house_{WORKER}")
        defaults: dict[str, Any] = {
            "environment": "development",
            "var_dir": var,
            "database_url": address,
            "secret_key": "a secret of the tests, and of nobody else",
            "argon2_time_cost": 1,
            "argon2_memory_kib": 8,
            "rate_limits": False,
            "broker_url": "",
            "snowflake_node_id": 1,
        }
        house = House()
        settings = Settings(_env_file=None, **(defaults | values))
        thread = threading.Thread(target=house._loop.run_forever, name="house")
        thread.start()
        stack = AsyncExitStack()
        try:
            house.do(house._open(stack, settings, 0))
            yield house
        finally:
            house.do(stack.aclose())
            house._loop.call_soon_threadsafe(house._loop.stop)
            thread.join()
            house._loop.close()
