"""Real processes of our own: the product, the floors, Redis. Each is ended by its id, never by a name."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

from loadtest.databases import BACKEND

READY_SECONDS = 60.0
STOP_SECONDS = 15.0
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
SECRET = "only-for-load-on-loopback-and-thrown-away-afterwards"


def end_like_ctrl_c() -> None:
    """Let a SIGTERM to us end what we started, too."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def free_port() -> int:
    """A port below the range from which outgoing connections take theirs, so that nobody is given it meanwhile."""
    for port in range(21_000 + os.getpid() % 8000, 32_000):
        with closing(socket.socket()) as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            if port not in _given:
                _given.add(port)
                return port
    raise RuntimeError("no free port")


_given: set[int] = set()


def product_environment(var: Path, database_url: str, broker_url: str = "", port: int = 0) -> dict[str, str]:
    """Settings for loopback load: no rate limits, cheap passwords; everything else as it ships."""
    wanted = {
        "ENVIRONMENT": "development",
        "PARLEY_VAR": str(var),
        "PARLEY_DEMO": "false",
        "MEDIA_DIR": str(var / "media"),
        "DATABASE_URL": database_url,
        "BROKER_URL": broker_url,
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "BASE_URL": f"http://127.0.0.1:{port}",
        "SECRET_KEY": SECRET,
        "JWT_SECRET_KEY": SECRET,
        "RATE_LIMITS": "false",
        "SOCKET_FRAMES_PER_SECOND": "1000000",
        "ARGON2_TIME_COST": "1",
        "ARGON2_MEMORY_KIB": "64",
        "DEBUG": "false",
        "DEBUG_SQL": "false",
        "PYTHONUNBUFFERED": "1",
    }
    return os.environ | wanted


class Process:
    """A child process that can be killed, paused and started again, with its figures from /proc."""

    def __init__(
        self, name: str, command: list[str], environment: dict[str, str], port: int, log: Path, core: int | None = None
    ) -> None:
        self.name = name
        self.port = port
        self.log = log
        self._command = command
        self._environment = environment
        self._core = core
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the running child."""
        if self._child is None:
            raise RuntimeError(f"{self.name} does not run")
        return self._child.pid

    @property
    def is_running(self) -> bool:
        """Started, and not ended by itself or by us."""
        return self._child is not None and self._child.poll() is None

    @property
    def url(self) -> str:
        """Where it answers HTTP."""
        return f"http://127.0.0.1:{self.port}"

    def spawn(self) -> None:
        """Start without waiting until it answers."""
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                self._command, cwd=BACKEND, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        if self._core is not None:
            os.sched_setaffinity(self._child.pid, {self._core})

    async def start(self) -> None:
        """Start and wait until the port answers."""
        self.spawn()
        await self.ready()

    async def ready(self) -> None:
        """Wait until the port answers; a child that ended instead is an error with the end of its log."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if not self.is_running:
                break
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(3):
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                return
            await asyncio.sleep(0.05)
        raise RuntimeError(f"{self.name} does not answer:\n{self.last_words()}")

    def kill(self) -> None:
        """As a power cut: no goodbye."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask to end; kill when it takes too long."""
        self._end(signal.SIGTERM)

    def pause(self) -> None:
        """Stop the process where it stands."""
        if self.is_running:
            os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        if self.is_running:
            os.kill(self.pid, signal.SIGCONT)

    def rss_bytes(self) -> int:
        """Resident memory."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * PAGE_BYTES

    def cpu_seconds(self) -> float:
        """User and system time used so far, of all threads."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND

    def last_words(self, characters: int = 3000) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-characters:] if self.log.exists() else ""

    def _end(self, how: signal.Signals) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        if child.poll() is None:
            child.send_signal(signal.SIGCONT)  # a paused process would never hear the rest
            child.send_signal(how)
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def product(
    name: str, folder: Path, database_url: str, broker_url: str = "", core: int | None = None, port: int | None = None
) -> Process:
    """`parley serve` with a folder of its own."""
    port = port or free_port()
    var = folder / name
    var.mkdir(parents=True, exist_ok=True)
    environment = product_environment(var, database_url, broker_url, port)
    command = [sys.executable, "-m", "app.cli", "serve"]
    return Process(name, command, environment, port, folder / f"{name}.log", core)


def floor(name: str, folder: Path, database_url: str = "", core: int | None = None) -> Process:
    """One of `bench/floors.py`, served as the product is."""
    port = free_port()
    environment = os.environ | {"FLOOR": name, "FLOOR_PORT": str(port), "FLOOR_DATABASE_URL": database_url}
    command = [sys.executable, "-m", "loadtest.bench.floors"]
    return Process(name, command, environment, port, folder / f"{name}.log", core)


def redis(folder: Path, port: int | None = None) -> Process | None:
    """A Redis that keeps nothing on disk, or None where it is not installed."""
    program = shutil.which("redis-server")
    if program is None:
        return None
    port = port or free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    return Process("redis", [*command, "--dir", str(folder)], dict(os.environ), port, folder / "redis.log")
