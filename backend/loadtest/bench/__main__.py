"""`scripts/bench`: measure the parts that were asked for, print the table, write the JSON."""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import uvloop

from app.kernel import clock
from app.kernel.config import PROJECT_ROOT
from loadtest import processes
from loadtest.bench import background, idle, pages
from loadtest.bench.report import Report
from loadtest.bench.scene import Plan, Scene, load_average
from loadtest.bench.talks import Talks

TALKS = {"closed", "open", "redis", "sqlite"}
PARTS = (*sorted(TALKS), "idle", "pages", "jobs")


def main() -> int:
    """Always 0: a figure is for people to judge."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Figures beside their targets.")
    parser.add_argument("parts", nargs="*", help=f"some of: {' '.join(PARTS)}; nothing: all")
    parser.add_argument("--quick", action="store_true", help="one short round of each: to try the tool")
    given = parser.parse_args()
    unknown = set(given.parts) - set(PARTS)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    processes.end_like_ctrl_c()
    uvloop.run(_measure(set(given.parts or PARTS), Plan(given.quick)))
    return 0


async def _measure(parts: set[str], plan: Plan) -> None:
    report, folder = Report(), Path(tempfile.mkdtemp(prefix="parley-bench-"))
    load, began = load_average(), clock.now()
    try:
        async with Scene(folder) as scene:
            if scene.server_core is None:
                report.note("one core only: the load generator takes its time from the server")
            if parts & TALKS:
                await Talks(scene, plan, report).measure(parts)
        for part, measure in (("idle", idle.measure), ("pages", pages.measure), ("jobs", background.measure)):
            if part in parts:
                async with Scene(folder) as scene:
                    await measure(scene, plan, report)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if load > 1:
        report.note(f"load average {load:.1f} at the start, before us: others used the machine")
    print(f"\n{report.table()}")
    path = PROJECT_ROOT / "var/bench" / f"{began}.json"
    report.save(path, began=began, is_quick=plan.is_quick, load_before=load, parts=sorted(parts))
    print(f"written to {path.relative_to(PROJECT_ROOT)}")


if __name__ == "__main__":
    sys.exit(main())
