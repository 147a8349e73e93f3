"""What really happened: an outside service that counts effects by key, and who ran what when."""

import asyncio
import json
from collections import Counter, defaultdict
from dataclasses import dataclass


@dataclass
class Span:
    """One run, as its worker told it; monotonic seconds of the machine. `until` None: it never said that it ended."""

    key: str
    pid: int
    attempt: int
    since: float
    until: float | None = None


class Ledger:
    """Listens on loopback. Idempotent by key, as a good outside service is; `calls` counts what was asked."""

    def __init__(self) -> None:
        self.effects: set[str] = set()
        self.calls: Counter[str] = Counter()
        self.spans: defaultdict[str, list[Span]] = defaultdict(list)
        self.port = 0
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await reader.readline()
            if line.endswith(b"\n"):
                self._count(json.loads(line))
                writer.write(b"ok\n")
                await writer.drain()
        except OSError:
            return  # killed while it told us
        finally:
            writer.close()

    def _count(self, said: dict[str, object]) -> None:
        key, pid, at = str(said["key"]), int(str(said["pid"])), float(str(said["at"]))
        if said["event"] == "begin":
            self.spans[key].append(Span(key, pid, int(str(said["attempt"])), at))
            return
        if said["event"] == "effect":
            self.calls[key] += 1
            self.effects.add(key)
        for span in reversed(self.spans[key]):
            if span.pid == pid:
                span.until = at
                return
