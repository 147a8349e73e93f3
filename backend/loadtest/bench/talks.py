"""Messages: closed and open loop, the floors, with and without Redis, PostgreSQL and SQLite."""

from collections.abc import Awaitable, Callable, Sequence
from statistics import median as middle

from loadtest.bench.report import Report
from loadtest.bench.scene import Plan, Scene, floor_ends, quiet, real_ends, undisturbed
from loadtest.bench.talking import Ends, Figures, Talk, median

FEW, MANY = 50, 500
PER_SECOND = 200
Rounds = dict[str, list[Figures]]


class Talks:
    """All the servers that are talked to, with their sockets open; each is measured in turn, round by round."""

    def __init__(self, scene: Scene, plan: Plan, report: Report) -> None:
        self._scene, self._plan, self._report = scene, plan, report
        self._talks: dict[str, Talk] = {}
        self._ends: dict[str, list[Ends]] = {}

    async def measure(self, parts: set[str]) -> None:
        """Everything of `parts`; the small crowd first, because open sockets cost a little."""
        await self._open(parts)
        if "closed" in parts:
            names = ["echo", "answered", "single", "product"]
            await self._closed("50 pairs, buyers write", names, FEW, 0.45)
            await self._closed("50 pairs, both write", names, FEW, 0.45, both_ways=True)
        if "redis" in parts and "redis" in self._talks:
            await self._with_redis()
        if "sqlite" in parts:
            await self._sqlite()
        if "open" in parts:
            await self._open_loop()
        if "closed" in parts:
            for name in ("echo", "answered", "single", "product"):
                await self._talks[name].open(self._ends[name][FEW:])
            await self._closed("500 pairs, buyers write", ["echo", "answered", "single", "product"], MANY, 0.60)
        for talk in self._talks.values():
            await talk.close()

    async def _open(self, parts: set[str]) -> None:
        scene = self._scene
        wanted = {"echo", "product"} if parts & {"closed", "open"} else set()
        wanted |= {"answered", "single"} if "closed" in parts else set()
        wanted |= {"redis", "product"} if "redis" in parts else set()
        wanted |= {"sqlite"} if "sqlite" in parts else set()
        for name in sorted(wanted):
            if name in ("echo", "answered", "single"):
                server = await scene.floor(name, scene.database() if name == "single" else "")
                ends = floor_ends(MANY)
            else:
                broker_url = await scene.redis() if name == "redis" else ""
                if name == "redis" and not broker_url:
                    self._report.note("no redis-server here: the way through Redis was not measured")
                    continue
                url = scene.database("sqlite" if name == "sqlite" else "postgres")
                ends = real_ends(await scene.pairs(url, MANY))
                server = await scene.serve(name, url, broker_url)
            self._ends[name] = ends
            self._talks[name] = Talk(server, 1 if name == "echo" else 2)
            await self._talks[name].open(ends[:FEW])

    async def _closed(
        self, title: str, names: Sequence[str], pairs: int, target: float, both_ways: bool = False
    ) -> None:
        rounds = await self._rounds(title, names, lambda talk: self._one(talk, pairs, both_ways))
        for name in names:
            self._report.figures(title, name, median(rounds[name]))
        self._report.share(f"{title}: of the echo", _ratio(rounds, "product", "echo"), at_least=target)
        self._report.share(f"{title}: of the echo, by CPU", _cpu_ratio(rounds, "product", "echo"))
        self._report.share(f"{title}: of the echo that also answers", _ratio(rounds, "product", "answered"))
        self._report.times(f"{title}: of single-row commits", _ratio(rounds, "product", "single"))

    async def _with_redis(self) -> None:
        title = "50 pairs, with Redis in the path"
        rounds = await self._rounds(title, ["product", "redis"], lambda talk: self._one(talk, FEW, False))
        self._report.figures(title, "redis", median(rounds["redis"]))
        self._report.share(f"{title}: of without", _ratio(rounds, "redis", "product"), at_least=0.85)
        self._report.share(f"{title}: of without, by CPU", _cpu_ratio(rounds, "redis", "product"))

    async def _sqlite(self) -> None:
        title = "50 pairs, SQLite"
        rounds = await self._rounds(title, ["sqlite"], lambda talk: self._one(talk, FEW, False))
        figures = median(rounds["sqlite"])
        self._report.figures(title, "sqlite", figures)
        self._report.rate(f"{title}: messages a second", figures.rate, at_least=3000)

    async def _open_loop(self) -> None:
        title = f"{PER_SECOND} messages a second"
        plan = self._plan
        rounds = await self._rounds(
            title,
            ["echo", "product"],
            lambda talk: talk.open_loop(FEW, PER_SECOND, plan.warm_seconds, plan.seconds),
        )
        for name, figures in rounds.items():
            self._report.figures(title, name, median(figures))
        paired = zip(rounds["product"], rounds["echo"], strict=True)
        p50 = middle(product.p50_ms / echo.p50_ms for product, echo in paired)
        self._report.times(f"{title}: p50 of the echo's", p50, at_most=3.0)
        self._report.milliseconds(f"{title}: p99", median(rounds["product"]).p99_ms, at_most=10.0)

    def _one(self, talk: Talk, pairs: int, both_ways: bool) -> Awaitable[Figures]:
        return talk.closed_loop(pairs, self._plan.warm_seconds, self._plan.seconds, both_ways)

    async def _rounds(self, title: str, names: Sequence[str], run: Callable[[Talk], Awaitable[Figures]]) -> Rounds:
        """Each server in turn, then again: what disturbs the machine for a while disturbs all of them."""
        rounds: Rounds = {name: [] for name in names}
        for _ in range(self._plan.rounds):
            for name in names:
                await quiet([talk.server for talk in self._talks.values()])
                is_alone = await undisturbed(self._plan.patience_seconds)
                figures = await run(self._talks[name])
                self._report.began(is_alone)
                figures.afterwards_us = await quiet([self._talks[name].server]) / max(figures.messages, 1) * 1e6
                rounds[name].append(figures)
                self._report.progress(title, name, figures)
        return rounds


def _ratio(rounds: Rounds, name: str, base: str) -> float:
    return middle(one.rate / other.rate for one, other in zip(rounds[name], rounds[base], strict=True))


def _cpu_ratio(rounds: Rounds, name: str, base: str) -> float:
    return middle(other.server_us / one.server_us for one, other in zip(rounds[name], rounds[base], strict=True))
