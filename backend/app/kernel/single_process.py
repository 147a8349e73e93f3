"""SQLite serves one process: a second one would see neither its sockets nor its write lock, so it is refused."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def only_server_of(database: Path) -> Iterator[None]:
    """Hold `database`'s lock file while the block runs. Raises `RuntimeError` when another server holds it."""
    with database.with_suffix(".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RuntimeError(
                f"another server uses {database}; SQLite serves one process (use PostgreSQL and Redis for several)"
            ) from None
        yield
