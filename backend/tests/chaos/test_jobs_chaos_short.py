"""A short `scripts/chaos jobs`: workers are killed and frozen, and every effect is there once.

On SQLite in the one process, or, when the suite runs on PostgreSQL, there with three workers and a Redis of its own.
"""

import os
import shutil
from dataclasses import replace

import pytest

from loadtest.jobs.run import Options, run

IS_POSTGRESQL = os.environ.get("PARLEY_TEST_DATABASE_URL", "").startswith("postgres")
EMBEDDED = Options(jobs=80, seconds=6, seed=5, lease=4)
PRODUCTION = replace(EMBEDDED, shape="postgres", workers=3)


async def test_every_job_ends_once_while_workers_die() -> None:
    if IS_POSTGRESQL and shutil.which("redis-server") is None:
        pytest.skip("no redis-server that we could stop")
    result = await run(PRODUCTION if IS_POSTGRESQL else EMBEDDED)
    assert result.violations == [], result.summary()
    assert result.jobs >= EMBEDDED.jobs
    assert result.counts["kills"] >= 1
