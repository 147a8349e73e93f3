"""The product's own worker or server with the load kinds added, and with a wall clock that can be made to jump.

python -m loadtest.jobs.process worker|serve CLOCK_FILE
"""

import sys
import threading
import time
from pathlib import Path

import time_machine

import loadtest.jobs.kinds  # noqa: F401
from app import server, worker
from app.kernel.config import get_settings

LOOK_SECONDS = 0.2


def jump_as_told(file: Path) -> None:
    """Keep this process' wall clock as many seconds off as `file` says. The monotonic clock is left alone, as it is

    when an operator or a bad time server turns a machine's clock.
    """
    off, traveller = 0.0, None
    while True:
        try:
            told = float(file.read_text() or 0)
        except (OSError, ValueError):
            told = off
        if told != off:
            if traveller is not None:
                traveller.stop()
                traveller = None
            if told:
                traveller = time_machine.travel(time.time() + told, tick=True)
                traveller.start()
            off = told
        time.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    what, clock_file = sys.argv[1:3]
    threading.Thread(target=jump_as_told, args=(Path(clock_file),), daemon=True).start()
    if what == "serve":
        server.run(get_settings())
    else:
        worker.run(get_settings(), sys.argv[3].split(",") if len(sys.argv) > 3 else [], None)
