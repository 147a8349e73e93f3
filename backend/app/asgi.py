"""The application for ASGI servers: `uvicorn app.asgi:app`."""

import gc

from app.main import create_app

app = create_app()
app.openapi()  # half a second that the first caller need not wait

# What is here now stays: the collector need not look at it again. Ten thousand sockets make short-lived objects fast,
# and a full collection over them in every second would be a pause that people feel.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 50)
