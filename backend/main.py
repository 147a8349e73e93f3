"""The entry point that the source document names: `python main.py` or `uvicorn main:app`."""

from app.asgi import app
from app.kernel.config import get_settings
from app.server import run

__all__ = ["app"]

if __name__ == "__main__":
    run(get_settings())
