"""Which scripts a page loads: a module, and all that it imports, at once or later."""

import re
from collections.abc import Iterator
from pathlib import Path

_IMPORT = re.compile(r'^(?:import|export)\b[^;]*?["\'](\.{1,2}/[^"\']+)["\']', re.M)
_LATER = re.compile(r'\bimport\(\s*["\'](\.{1,2}/[^"\']+)["\']\s*\)')


def imports_of(script: Path, *, later: bool = False) -> Iterator[Path]:
    """What `script` imports; with `later` also what it may import when it is needed."""
    source = script.read_text(encoding="utf-8")
    for pattern in (_IMPORT, _LATER) if later else (_IMPORT,):
        for match in pattern.finditer(source):
            yield (script.parent / match[1]).resolve()


def reachable(script: Path, *, later: bool = False) -> set[Path]:
    """`script` with everything that comes along."""
    found: set[Path] = set()
    waiting = [script.resolve()]
    while waiting:
        one = waiting.pop()
        if one not in found and one.is_file():
            found.add(one)
            waiting += imports_of(one, later=later)
    return found
