"""The demo's conversations as they are written in `conversations/*.json`, and the moment at which each line falls.

Times are relative to now, so that the inbox looks alive whenever it is seeded. A script is a list of lines:

- `["b", text]` the buyer; `["chen", text]` whoever has that user name.
- `["image", who, picture]` a picture of `pictures.py`, with an optional caption.
- `["note", who, text]`, `["assign", who, whom]`, `["unassign", who]`, `["label", who, name]`,
  `["priority", who, value]`, `["status", who, value]`; snoozed takes how long: `["status", "li", "snoozed", "4d"]`.
- `["pause", "40m"]` (`h`, `d`) or `["pause", "next 08:40"]`: the next morning, in the machine's own time zone.

It either `starts` at `"3d 10:21"` (three days ago, local time) or `ends` some time ago (`"4m"`).
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent / "conversations"
UNIT_SECONDS = {"m": 60, "h": 3600, "d": 86_400}
DEEDS = frozenset({"note", "assign", "unassign", "label", "priority", "status"})
THINKING_SECONDS = (18, 95)  # before the other side answers
GOING_ON_SECONDS = (5, 20)  # before the same side goes on
DEED_SECONDS = (4, 25)  # before somebody clicks
TYPING_SECONDS_PER_CHARACTER = 0.35


class Line(NamedTuple):
    """One thing that happens. `kind`: `text`, `image` or one of `DEEDS`; `who`: `b` or a user name."""

    kind: str
    who: str
    value: str
    extra: str
    at: int


@dataclass(frozen=True)
class Script:
    """One conversation. `unread`: the buyer's messages that the shop has not read; `unseen`: the other way round."""

    buyer: str
    merchant: str
    unread: int
    unseen: int
    lines: tuple[Line, ...]


def all_of(now: int) -> list[Script]:
    """Every script, the one that began first first."""
    written = [entry for path in sorted(FOLDER.glob("*.json")) for entry in json.loads(path.read_text("utf-8"))]
    scripts = [_script(entry, now) for entry in written]
    return sorted(scripts, key=lambda script: script.lines[0].at)


def seconds_of(span: str) -> int:
    """`"40m"`, `"3h"`, `"2d"` in seconds."""
    return int(span[:-1]) * UNIT_SECONDS[span[-1]]


def _script(entry: dict[str, Any], now: int) -> Script:
    if "starts" in entry:
        days, clock = entry["starts"].split()
        lines = list(_timed(entry, _local(now, -seconds_of(days) // UNIT_SECONDS["d"], clock)))
    else:
        lines = list(_timed(entry, 0))
        shift = now - seconds_of(entry["ends"]) - lines[-1].at
        lines = [line._replace(at=line.at + shift) for line in lines]
    return Script(
        buyer=entry["buyer"],
        merchant=entry.get("merchant", "chen"),
        unread=entry.get("unread", 0),
        unseen=entry.get("unseen", 0),
        lines=tuple(lines),
    )


def _timed(entry: dict[str, Any], start: int) -> Iterator[Line]:
    """The lines from `start` on, with the gaps of people who read, think and type: always the same ones."""
    chance = Random(f"{entry['buyer']} {entry['lines'][0]}")
    at, speaker, pause = start, "", None
    for written in entry["lines"]:
        if written[0] == "pause":
            pause = written[1]
            continue
        line = _line(written)
        if pause is not None:
            at = _after(at, pause)
        elif speaker:
            at += _gap(line, speaker, chance)
        yield line._replace(at=at)
        pause = None
        speaker = speaker if line.kind in DEEDS else line.who


def _line(written: list[str]) -> Line:
    if written[0] in DEEDS or written[0] == "image":
        kind, who, value, extra, *_ = [*written, "", ""]
        return Line(kind, who, value, extra, 0)
    return Line("text", written[0], written[1], "", 0)


def _gap(line: Line, speaker: str, chance: Random) -> int:
    if line.kind in DEEDS:
        return chance.randint(*DEED_SECONDS)
    thinking = chance.randint(*(GOING_ON_SECONDS if line.who == speaker else THINKING_SECONDS))
    return thinking + int(len(line.value) * TYPING_SECONDS_PER_CHARACTER)


def _after(at: int, pause: str) -> int:
    if pause.startswith("next "):
        return _local(at, 1, pause.removeprefix("next "))
    return at + seconds_of(pause)


def _local(at: int, days: int, clock: str) -> int:
    """`clock` on the day `days` after `at`'s, where this machine is; mktime knows month ends and summer time."""
    day = time.localtime(at)
    hour, minute = (int(part) for part in clock.split(":"))
    return int(time.mktime((day.tm_year, day.tm_mon, day.tm_mday + days, hour, minute, 0, 0, 0, -1)))
