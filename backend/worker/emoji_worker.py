"""`python -m worker.emoji_worker`: a worker process for emoji tasks only, the same as `parley worker --queues emoji`.

Any number may run. `EMOJI_WORKER_CONSUMER`, which older documents set, is not needed: each process names itself.
"""

import sys

from app.cli import main

if __name__ == "__main__":
    main(["worker", "--queues", "emoji", *sys.argv[1:]])
