"""How older documents start background work: `python -m worker.…` from this folder. Each is one command or one job."""
