"""Logs: JSON lines in production, readable ones in development; the standard library speaks through the same sink."""

import logging
import sys
from contextvars import ContextVar
from typing import TYPE_CHECKING

import orjson
from loguru import logger

from app.kernel.config import Settings

if TYPE_CHECKING:
    from loguru import Message, Record

request_id: ContextVar[str] = ContextVar("request_id", default="")
QUIET = ("taskiq", "httpx2", "uvicorn.access", "uvicorn.error", "sqlalchemy.engine", "watchfiles")
READABLE = "<dim>{time:HH:mm:ss.SSS}</dim> <level>{level: <7}</level> {message}"


class _Intercept(logging.Handler):
    """Hands the standard library's records to loguru."""

    def emit(self, record: logging.LogRecord) -> None:
        level = record.levelname if record.levelname in logger._core.levels else "INFO"  # type: ignore[attr-defined]
        logger.opt(depth=6, exception=record.exc_info).log(level, "{}", record.getMessage())


def set_up(settings: Settings) -> None:
    """Called once by each process."""
    logger.remove()
    if settings.environment == "production":
        # loguru's own `serialize` costs twice as much; `diagnose` would print variables, and so secrets.
        logger.add(_write_json, level="INFO", diagnose=False, backtrace=False)
    else:
        logger.add(sys.stderr, level="DEBUG" if settings.debug else "INFO", format=READABLE, diagnose=False)
    logging.basicConfig(handlers=[_Intercept()], level=logging.INFO, force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.INFO if settings.debug_sql and "sql" in name else logging.WARNING)


def _write_json(message: "Message") -> None:
    record: Record = message.record
    line: dict[str, object] = {
        "time": record["time"].isoformat(),
        "level": record["level"].name,
        "message": record["message"],
        "logger": record["name"],
    }
    if request_id.get():
        line["request_id"] = request_id.get()
    line.update(record["extra"])
    if record["exception"] is not None:
        line["exception"] = str(message).partition("\n")[2] or repr(record["exception"].value)
    sys.stderr.buffer.write(orjson.dumps(line, default=str) + b"\n")
    sys.stderr.buffer.flush()
