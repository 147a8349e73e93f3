"""The compose files: they parse, say settings that exist, and let workers work and instances serve."""

from pathlib import Path
from typing import Any

import pytest
import yaml

import app.worker
from app.jobs import worker
from tests.architecture.test_settings import known_names

ROOT = Path(__file__).parents[3]
FILES = ("docker-compose.yml", "docker-compose.override.yml")
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
    assert f"/srv/parley/var/{app.worker.ALIVE_FILE} -mmin -1" in said
    assert app.worker.LIFE_SECONDS * 3 < 60
