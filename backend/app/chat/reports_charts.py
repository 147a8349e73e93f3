"""The geometry of charts, in a box of 1000 × 100: pure. The template draws, the style sheet colours, a table says."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 1000.0, 100.0
MINUTE, HOUR, DAY = 60, 3600, 86_400
SPANS = (
    10, 20, 30, MINUTE, *(number * MINUTE for number in (2, 4, 10, 20, 30, 60)),
    *(number * HOUR for number in (2, 4, 8, 12, 24)), *(number * DAY for number in (2, 4, 6, 10, 14, 20, 30, 60)),
)  # fmt: skip
GAP = 0.28  # of a column, between its bars and the next column's


@dataclass(frozen=True)
class Bar:
    """A rectangle of series `number`."""

    number: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Chart:
    """`columns` are the places for a pointer; `lines` are the points of each unbroken piece of a series."""

    top: float
    bars: list[Bar]
    lines: list[tuple[int, str]]
    dots: list[tuple[int, float, float]]
    columns: list[tuple[float, float]]


def bars(series: Sequence[Sequence[float | None]]) -> Chart:
    """One bar of each series beside the others, for each day."""
    top, step = _top(series), _step(series)
    width = step * (1 - GAP) / max(1, len(series))
    made = [
        Bar(number, *_rounded(day * step + step * GAP / 2 + number * width, HEIGHT - height, width, height))
        for number, values in enumerate(series)
        for day, value in enumerate(values)
        if (height := HEIGHT * (value or 0) / top) > 0
    ]
    return Chart(top, made, [], [], _columns(series))


def lines(series: Sequence[Sequence[float | None]]) -> Chart:
    """A line of seconds for each series, broken where nothing is known; what stands alone is a dot."""
    top, step = _top(series, SPANS), _step(series)
    pieces: list[tuple[int, str]] = []
    dots: list[tuple[int, float, float]] = []
    for number, values in enumerate(series):
        piece: list[tuple[float, float]] = []
        for day, value in enumerate([*values, None]):
            if value is not None:
                x, y = _rounded(day * step + step / 2, HEIGHT - HEIGHT * value / top)
                piece.append((x, y))
            elif piece:
                if len(piece) == 1:
                    dots.append((number, *piece[0]))
                else:
                    pieces.append((number, " ".join(f"{x},{y}" for x, y in piece)))
                piece = []
    return Chart(top, [], pieces, dots, _columns(series))


def level(value: float, most: float, levels: int = 5) -> int:
    """0 for nothing, else 1 to `levels`: the shade of a cell."""
    return 0 if value <= 0 or most <= 0 else max(1, min(levels, -int(-value * levels // most)))


def _top(series: Sequence[Sequence[float | None]], spans: Sequence[int] = ()) -> float:
    """A round number that nothing exceeds, whose half is round too: one of `spans`, or 2, 4, 10 and so on."""
    most = max((value for values in series for value in values if value is not None), default=0) or 1
    for span in spans:
        if span >= most:
            return span
    unit = 10.0 ** (len(str(int(most))) - 1)
    return next(step * unit for step in (1, 2, 4, 6, 8, 10) if step * unit >= most)


def _step(series: Sequence[Sequence[float | None]]) -> float:
    return WIDTH / max(1, *(len(values) for values in series))


def _columns(series: Sequence[Sequence[float | None]]) -> list[tuple[float, float]]:
    step = _step(series)
    return [(x, width) for day in range(len(series[0])) for x, width in [_rounded(day * step, step)]]


def _rounded(*numbers: float) -> tuple[float, ...]:
    return tuple(round(number, 2) for number in numbers)
