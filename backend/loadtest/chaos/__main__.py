"""`scripts/chaos`: read the options, run, print the verdict."""

import argparse
import random
import sys

import uvloop

from loadtest import processes
from loadtest.chaos.run import Options, run

MAX_SHOWN = 20


def main() -> int:
    """0 when every promise was kept."""
    parser = argparse.ArgumentParser(prog="scripts/chaos", description="Pairs talk while everything breaks.")
    parser.add_argument("--shape", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--instances", type=int, default=1, help="servers; several need --shape postgres")
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60, help="over how long the messages are spread")
    parser.add_argument("--seed", type=int, default=None, help="repeats the draws of an earlier run")
    given = vars(parser.parse_args())
    if given["seed"] is None:
        given["seed"] = random.randrange(1_000_000)
    processes.end_like_ctrl_c()
    print(f"seed {given['seed']}", flush=True)
    result = uvloop.run(run(Options(**given)))
    print(result.summary())
    for violation in result.ledger.violations[:MAX_SHOWN]:
        print(f"  ✗ {violation}")
    if result.evidence is not None:
        print(f"logs and database: {result.evidence}")
    return 1 if result.ledger.violations else 0


if __name__ == "__main__":
    sys.exit(main())
