"""House rules about files: how long, what they may not say, and that nothing of one machine is tracked."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
APP = ROOT / "backend/app"

LIMITS = {".py": 300, ".js": 200, ".css": 200, ".html": 120}
# Longer than the rule, with the day and the reason. An entry that is no longer needed fails the test.
ALLOWED_LENGTHS: dict[str, tuple[int, str]] = {
    "frontend/static/embed.js": (340, "2026-11-22: one request on a foreign page, so it cannot be split into modules"),
}
EXEMPT = ("backend/migrations/versions/", "frontend/static/vendor/")

# The outermost loops: whatever happens inside, they must turn again. Path → how many such handlers stand there.
ALLOWED_BROAD_EXCEPTS: dict[str, int] = {
    "backend/app/chat/dispatcher.py": 1,  # one shop's queue must not stop the other shops'
    "backend/app/chat/reactions.py": 2,  # one shop's rule must not stop the other shops', nor one look the next
    "backend/app/chat/socket.py": 1,  # one frame's fault must not end the connection
    "backend/app/chat/stores/mysql.py": 1,  # as sqlite.py
    "backend/app/chat/stores/sqlite.py": 1,  # rolls back and raises again, on a connection without a context manager
    "backend/app/jobs/worker.py": 2,  # a handler's fault ends its run only; the loops turn on
    "backend/app/webhooks/relay.py": 1,  # as reactions.py
    "backend/app/kernel/telemetry.py": 1,  # every request's last stop
    "backend/app/chat/writer.py": 2,  # a batch, and each draft of a refused batch
}

# Who may commit: the unit of work; the message stores, which own a connection of the driver; the writer that hands them
# its batches.
ALLOWED_COMMITS = ("backend/app/kernel/db.py", "backend/app/chat/stores/", "backend/app/chat/writer.py")

PLACES_OF_ONE_MACHINE = re.compile(
    r"(?<![\w.$}/-])/(?:home|Users|root|work|opt)/[a-z]|[a-z0-9.-]+\.(?:pythonhosted|pypi)\.org|\bpypi\.org|ghcr\.io|\bregistry\.npmjs"
)


def tracked() -> list[Path]:
    """Every text file that git knows or would know."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return sorted(path for line in listed.stdout.splitlines() if (path := ROOT / line).is_file())


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(APP.rglob("*.py")):
        yield name_of(path), ast.parse(path.read_text(encoding="utf-8"))


def lines_of(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_no_file_is_too_long_to_read() -> None:
    too_long = {}
    for path in tracked():
        name = name_of(path)
        limit = ALLOWED_LENGTHS.get(name, (LIMITS.get(path.suffix, 0), ""))[0]
        if limit and not name.startswith(EXEMPT) and lines_of(path) > limit:
            too_long[name] = lines_of(path)
    assert too_long == {}


def test_exceptions_from_the_length_rule_are_still_needed() -> None:
    idle = [
        name
        for name in ALLOWED_LENGTHS
        if not (ROOT / name).exists() or lines_of(ROOT / name) <= LIMITS[Path(name).suffix]
    ]
    assert idle == []


def test_only_the_unit_of_work_commits() -> None:
    found = [
        f"{name}:{node.lineno}"
        for name, tree in modules()
        if not name.startswith(ALLOWED_COMMITS)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
    ]
    assert found == []


def test_broad_excepts_stand_in_the_outermost_loops_only() -> None:
    found: dict[str, int] = {}
    for name, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler) and is_broad(node.type):
                found[name] = found.get(name, 0) + 1
    assert found == ALLOWED_BROAD_EXCEPTS


def is_broad(caught: ast.expr | None) -> bool:
    """A bare except, `Exception` or `BaseException`, alone or in a tuple."""
    if isinstance(caught, ast.Tuple):
        return any(is_broad(one) for one in caught.elts)
    return caught is None or (isinstance(caught, ast.Name) and caught.id in {"Exception", "BaseException"})


def test_no_module_defers_its_annotations() -> None:
    """It breaks SQLModel's relationships, and FastAPI's signatures when an alias is local."""
    found = [
        name
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "__future__"
    ]
    assert found == []


def test_every_module_says_what_it_owns() -> None:
    silent = [name for name, tree in modules() if not ast.get_docstring(tree) and tree.body]
    assert silent == []


def test_verbs_know_no_http() -> None:
    """In a domain only the doors, and what serves them, may import the web framework."""
    doors = re.compile(
        r"backend/app/(kernel/|main\.py|api_docs\.py|overview/health\.py)|/(api|pages|socket|authentication|access|viewers|[a-z_]+_(api|pages|socket))\.py$"
    )
    found = [
        f"{name}:{node.lineno}"
        for name, tree in modules()
        if not doors.search(name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "fastapi"
    ]
    assert found == []


@pytest.mark.parametrize("word", ["utils", "common", "helpers", "helper", "misc", "manager"])
def test_no_module_is_called_after_nothing(word: str) -> None:
    assert [name for name, _ in modules() if Path(name).stem == word] == []


def test_nothing_of_one_machine_or_one_registry_is_tracked() -> None:
    found = []
    for path in tracked():
        name = name_of(path)
        if name.startswith("frontend/static/vendor/") or path == Path(__file__):
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{name}: {match.group()}" for match in PLACES_OF_ONE_MACHINE.finditer(text)]
    assert found == []
