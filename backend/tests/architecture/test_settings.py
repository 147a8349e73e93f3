"""The settings are said in three places: config.py decides, `.env` and the README explain. They may not drift apart."""

import re
import subprocess
from pathlib import Path

import pytest
from pydantic import AliasChoices

from app.kernel import html
from app.kernel.config import Settings

ROOT = Path(__file__).parents[3]
# Read by docker-compose.yml only.
COMPOSE_ONLY = {"HTTP_ADDRESS", "HTTP_PORT", "APP_INSTANCES", "WORKER_INSTANCES"}


def known_names() -> set[str]:
    names = set()
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        said = alias.choices if isinstance(alias, AliasChoices) else [name]
        names |= {str(one).upper() for one in said}
    return names


def assignments() -> list[tuple[str, str]]:
    lines = (ROOT / ".env").read_text(encoding="utf-8").splitlines()
    parts = [line.partition("=") for line in lines if line.strip() and not line.startswith("#")]
    return [(name, value) for name, _, value in parts]


def test_every_line_of_env_is_a_setting() -> None:
    assert {name for name, _ in assignments()} - known_names() - COMPOSE_ONLY == set()


def test_the_readme_explains_every_setting_of_env() -> None:
    explained = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert {name for name, _ in assignments()} - explained == set()


def test_a_secret_of_env_is_an_example_that_production_refuses() -> None:
    secret = {name: value for name, value in assignments() if name.endswith(("SECRET_KEY", "PASSWORD"))}
    assert secret
    assert all(value.startswith("changethis") for value in secret.values())


def test_the_stamp_of_static_files_is_the_same_in_nginx_and_in_the_application() -> None:
    said = subprocess.run(
        [ROOT / "frontend/static-stamp", ROOT / "frontend/static"], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == html.stamp()


@pytest.mark.parametrize(
    "values",
    [
        {"secret_key": "changethis-and-some-more-to-make-it-long"},
        {"secret_key": "short"},
        {"secret_key": "x" * 32, "postgres_server": "db", "postgres_password": "changethis"},
    ],
)
def test_production_refuses_example_secrets_and_does_not_print_them(values: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"SECRET_KEY|POSTGRES_PASSWORD") as refusal:
        Settings(environment="production", var_dir=tmp_path, **values)  # type: ignore[arg-type]
    assert not any(value in str(refusal.value) for value in values.values() if value != "db")


def test_development_signs_with_a_key_of_its_own(tmp_path: Path) -> None:
    first = Settings(environment="development", secret_key="changethis", var_dir=tmp_path / "one")
    again = Settings(environment="development", secret_key="changethis", var_dir=tmp_path / "one")
    other = Settings(environment="development", secret_key="changethis", var_dir=tmp_path / "two")
    assert first.secret_key == again.secret_key != other.secret_key
