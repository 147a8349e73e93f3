"""`scripts/chaos jobs`: read the options, run, print the verdict."""

import argparse
import random
import sys

import uvloop

from loadtest import processes
from loadtest.jobs.run import Options, run

MAX_SHOWN = 20


def main() -> int:
    """0 when every promise was kept."""
    parser = argparse.ArgumentParser(prog="scripts/chaos jobs", description="Jobs run while everything breaks.")
    parser.add_argument("--shape", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--workers", type=int, default=None, help="processes; several need --shape postgres")
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=60, help="over how long the jobs and the faults are spread")
    parser.add_argument("--lease", type=float, default=30, help="seconds; the product ships with 30")
    parser.add_argument("--seed", type=int, default=None, help="repeats the draws of an earlier run")
    given = vars(parser.parse_args())
    if given["seed"] is None:
        given["seed"] = random.randrange(1_000_000)
    if given["workers"] is None:
        given["workers"] = 4 if given["shape"] == "postgres" else 1
    processes.end_like_ctrl_c()
    print(f"seed {given['seed']}", flush=True)
    result = uvloop.run(run(Options(**given)))
    print(result.summary())
    for violation in result.violations[:MAX_SHOWN]:
        print(f"  ✗ {violation}")
    if result.logs is not None:
        print(f"logs: {result.logs}")
    return 1 if result.violations else 0


if __name__ == "__main__":
    sys.exit(main())
