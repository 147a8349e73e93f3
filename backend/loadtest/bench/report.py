"""The table and the JSON of a run: every figure beside its target, where there is one."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from loadtest.bench.talking import Figures

BOTTLENECK = 0.9  # a load generator that used so much of its core measured itself


@dataclass
class Line:
    """One figure. `is_met` is None where nothing was asked for."""

    what: str
    value: float
    shown: str
    target: str = ""
    is_met: bool | None = None


@dataclass
class Report:
    """Collects figures and says how it goes."""

    lines: list[Line] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)
    medians: list[tuple[str, str, Figures]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    begun: int = 0
    disturbed: int = 0

    def progress(self, title: str, name: str, figures: Figures) -> None:
        """One run of one server is done."""
        self.runs.append({"title": title, "server": name, **asdict(figures)})
        print(f"  {title}: {name:9} {_described(figures)}", flush=True)
        if figures.client_load > BOTTLENECK:
            self.note(
                f"{title}, {name}: the load generator used {figures.client_load:.0%} of its core and is the limit"
            )

    def began(self, is_alone: bool) -> None:
        """A run began, with the machine to itself or not."""
        self.begun += 1
        self.disturbed += not is_alone

    def figures(self, title: str, name: str, figures: Figures) -> None:
        """The median of a server's runs."""
        self.medians.append((title, name, figures))

    def note(self, text: str) -> None:
        """What a reader of the figures must know."""
        if text not in self.notes:
            self.notes.append(text)

    def share(self, what: str, value: float, at_least: float | None = None) -> None:
        """A part of something, in per cent."""
        target = "" if at_least is None else f"≥ {at_least:.0%}"
        self._add(what, value, f"{value:.0%}", target, None if at_least is None else value >= at_least)

    def times(self, what: str, value: float, at_most: float | None = None) -> None:
        """A ratio."""
        target = "" if at_most is None else f"≤ {at_most:g}"
        self._add(what, value, f"{value:.2f} x", target, None if at_most is None else value <= at_most)

    def milliseconds(self, what: str, value: float, at_most: float | None = None) -> None:
        """A latency."""
        target = "" if at_most is None else f"≤ {at_most:g} ms"
        self._add(what, value, f"{value:.2f} ms", target, None if at_most is None else value <= at_most)

    def rate(self, what: str, value: float, at_least: float) -> None:
        """So many a second."""
        self._add(what, value, f"{value:,.0f}", f"≥ {at_least:,.0f}", value >= at_least)

    def kilobytes(self, what: str, value: float, at_most: float) -> None:
        """Memory of one thing, in bytes."""
        self._add(what, value, f"{value / 1000:,.1f} kB", f"≤ {at_most / 1000:,.0f} kB", value <= at_most)

    def table(self) -> str:
        """For people."""
        rows = [f"{'run (medians)':36} {'server':9} figures"]
        rows += [f"{title:36} {name:9} {_described(figures)}" for title, name, figures in self.medians]
        rows += ["", f"{'figure':56} {'target':>10} {'measured':>12}"]
        for line in self.lines:
            mark = {True: "✓", False: "✗", None: " "}[line.is_met]
            rows.append(f"{line.what:56} {line.target:>10} {line.shown:>12} {mark}")
        if self.disturbed:
            rows.append(f"note: {self.disturbed} of {self.begun} runs began while others used the machine")
        return "\n".join([*rows, *(f"note: {text}" for text in self.notes)])

    def save(self, path: Path, **about: Any) -> None:
        """For machines."""
        path.parent.mkdir(parents=True, exist_ok=True)
        medians = [{"title": title, "server": name, **asdict(figures)} for title, name, figures in self.medians]
        said = about | {"figures": [asdict(line) for line in self.lines], "medians": medians}
        said |= {"runs": self.runs, "notes": self.notes, "begun": self.begun, "disturbed": self.disturbed}
        path.write_bytes(orjson.dumps(said, option=orjson.OPT_INDENT_2))

    def _add(self, what: str, value: float, shown: str, target: str, is_met: bool | None) -> None:
        self.lines.append(Line(what, value, shown, target, is_met))


def _described(figures: Figures) -> str:
    later = f" + {figures.afterwards_us:.0f} later" if figures.afterwards_us > 1 else ""
    return (
        f"{figures.rate:8,.0f}/s  p50 {figures.p50_ms:7.2f} ms  p99 {figures.p99_ms:7.2f} ms  "
        f"server {figures.server_us:4.0f} µs each{later}  client {figures.client_load:3.0%} of its core"
    )
