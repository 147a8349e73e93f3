"""A short `scripts/chaos`: real servers that are killed, sockets that are torn, and nothing lost or doubled.

On SQLite with one server, or, when the suite runs on PostgreSQL, there with two servers and a Redis of its own.
"""

import os
import shutil
from dataclasses import replace

import pytest

from loadtest.chaos.run import Options, run

IS_POSTGRESQL = os.environ.get("PARLEY_TEST_DATABASE_URL", "").startswith("postgres")
# Every run opens with torn sockets and a kill; the seed draws what else there is time for.
EMBEDDED = Options(messages=120, pairs=4, seconds=5, seed=161)
PRODUCTION = replace(EMBEDDED, shape="postgres", instances=2, seed=378)


async def test_nothing_is_lost_or_doubled_while_servers_die_and_sockets_break() -> None:
    if IS_POSTGRESQL and shutil.which("redis-server") is None:
        pytest.skip("no redis-server that we could stop")
    result = await run(PRODUCTION if IS_POSTGRESQL else EMBEDDED)
    assert result.ledger.violations == [], result.summary()
    assert result.messages == len(result.ledger.drafts) == len(result.ledger.acknowledged) == EMBEDDED.messages
    assert result.ledger.counts["kills"] >= 1
    assert result.ledger.counts["dropped sockets"] >= 1
