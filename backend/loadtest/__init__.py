"""Load and chaos on loopback: `scripts/bench` and `scripts/chaos`. Not shipped; every server here is started and ended by us."""
