"""`scripts/bench` and `scripts/chaos`: load and harm on loopback. Every server here is started, and ended, by us."""
