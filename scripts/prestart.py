"""What scripts/prestart does, and what scripts/start needs besides, in one process: importing is the slow part.

prestart.py <seconds to wait for the database> [--port: is it free? prints where] [--seed: the demo shop]
"""

import asyncio
import socket
import sys
import time

from sqlalchemy.exc import DBAPIError

from app.kernel import migrations
from app.kernel.config import Settings, get_settings
from app.kernel.db import Database

LOOK_AGAIN_SECONDS = 0.5


async def wait(settings: Settings, seconds: float) -> None:
    """Return when the database answers; end the process when it has not after that time."""
    db = Database(settings)
    until = time.monotonic() + seconds
    while True:
        try:
            await db.ping()
        except (DBAPIError, OSError) as problem:
            if time.monotonic() > until:
                reason = str(problem).splitlines()[0]
                sys.exit(f"the database at {db.url.render_as_string()} does not answer: {reason}")
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        else:
            await db.dispose()
            return


def check_port(settings: Settings) -> None:
    """End the process when something listens there already: its answers would be taken for ours."""
    host = "127.0.0.1" if settings.host in ("", "0.0.0.0") else settings.host
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        if probe.connect_ex((host, settings.port)) == 0:
            other = settings.port + 1
            sys.exit(f"something else listens on port {settings.port}; choose another: scripts/start --port {other}")
    print(f"[{host}]:{settings.port}" if ":" in host else f"{host}:{settings.port}")


def main() -> None:
    """Wait, migrate, and with --seed make the demo shop in an empty database."""
    settings = get_settings()
    arguments = sys.argv[1:]
    if "--port" in arguments:
        check_port(settings)
    asyncio.run(wait(settings, float(arguments[0])))
    migrations.upgrade(settings)
    if "--seed" in arguments:
        from app.cli import main as parley

        sys.stdout = sys.stderr
        parley(["seed"])


if __name__ == "__main__":
    main()
