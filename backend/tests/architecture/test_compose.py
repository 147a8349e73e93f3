"""The compose files: they parse, say settings that exist, and let workers work and instances serve."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import app.worker
from app.jobs import worker
from tests.architecture.test_settings import known_names

ROOT = Path(__file__).parents[3]
FILES = ("docker-compose.yml", "docker-compose.override.yml")
CODE = re.compile(r"`(\w+)`")
# What the images and the files themselves decide, and what nobody sets in production.
FIXED_OR_FOR_DEVELOPMENT = {
    *("HOST", "PORT", "PARLEY_VAR", "DATABASE_URL", "MEDIA_DIR", "WORKER_METRICS_PORT"),
    *("DEBUG", "DEBUG_SQL", "RELOAD", "PARLEY_DEMO"),
    *("HTTP_ADDRESS", "HTTP_PORT", "APP_INSTANCES", "WORKER_INSTANCES"),  # of compose, not of the application
}
APPLICATIONS = ("prestart", "backend", "worker")


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("name", FILES)
def test_every_variable_of_the_application_is_a_setting(name: str) -> None:
    services = read(name)["services"]
    said = {variable for one in APPLICATIONS for variable in services[one].get("environment", {})}
    assert said
    assert said - known_names() == set()


def test_what_the_readme_explains_reaches_the_containers() -> None:
    table = (ROOT / "README.md").read_text(encoding="utf-8").split("## Configuration")[1].split("##")[0]
    explained = {
        name for line in table.splitlines() if line.startswith("| `") for name in CODE.findall(line.split("|")[1])
    }
    told = read("docker-compose.yml")["services"]["backend"]["environment"]
    assert len(explained) > len(FIXED_OR_FOR_DEVELOPMENT)
    assert explained - FIXED_OR_FOR_DEVELOPMENT - told.keys() == set()


def test_workers_work_and_instances_serve() -> None:
    services = read("docker-compose.yml")["services"]
    assert services["worker"]["command"] == ["parley", "worker"]
    assert services["worker"]["image"] == services["backend"]["image"]
    assert services["backend"]["environment"]["RUN_JOBS"] == "false"
    assert services["worker"]["depends_on"] == services["backend"]["depends_on"]
    assert int(services["worker"]["stop_grace_period"].removesuffix("s")) > worker.GRACE_SECONDS + worker.SETTLE_SECONDS
    assert services["worker"]["healthcheck"]["test"] != services["backend"].get("healthcheck")


def test_the_one_instance_of_development_does_both() -> None:
    services = read("docker-compose.override.yml")["services"]
    assert services["backend"]["environment"]["RUN_JOBS"] == "true"
    assert services["worker"]["deploy"]["replicas"] == 0


def test_the_health_of_a_worker_is_the_file_that_it_touches() -> None:
    said = read("docker-compose.yml")["services"]["worker"]["healthcheck"]["test"][1]
    assert f"find /srv/parley/var -maxdepth 1 -name '{app.worker.ALIVE_FILES}' -mmin -1" in said
    assert app.worker.LIFE_SECONDS * 3 < 60
