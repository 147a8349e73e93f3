"""Settings: the process environment wins over `.env`, older names work, and unsafe ones are refused."""

import stat
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from app.kernel.config import Settings

SECRET = "a secret that is long enough for everybody"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of whoever runs the tests."""
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        for one in getattr(alias, "choices", [name]):
            monkeypatch.delenv(str(one).upper(), raising=False)


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    path = tmp_path / ".env"
    path.write_text(
        f"PORT=9001\nBASE_URL=http://from-file\nSECRET_KEY={SECRET}\nPARLEY_VAR={tmp_path}\nDATABASE_URL=\n"
    )
    return path


def made(tmp_path: Path, **values: Any) -> Settings:
    return Settings(_env_file=None, var_dir=tmp_path, **({"secret_key": SECRET} | values))


def test_the_environment_wins_over_the_file_and_the_file_over_the_defaults(
    env_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "9002")
    settings = Settings(_env_file=env_file)  # type: ignore[call-arg]
    assert (settings.port, settings.base_url, settings.max_file_size) == (9002, "http://from-file", 10_485_760)


def test_an_empty_value_is_no_value(env_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASE_URL", "")
    settings = Settings(_env_file=env_file)  # type: ignore[call-arg]
    assert settings.database_url == f"sqlite:///{tmp_path / 'parley.db'}"
    assert settings.media_dir == tmp_path / "media"


@pytest.mark.parametrize(
    ("name", "field"),
    [("JWT_SECRET_KEY", "secret_key"), ("SECRET_KEY", "secret_key"), ("PARLEY_VAR", "var_dir")],
)
def test_older_names_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, field: str) -> None:
    monkeypatch.setenv(name, SECRET if "SECRET" in name else str(tmp_path))
    values: dict[str, Any] = {"secret_key": SECRET, "var_dir": tmp_path}
    del values[field]
    assert str(getattr(Settings(_env_file=None, **values), field)) in (SECRET, str(tmp_path))


def test_postgres_parts_make_the_address(tmp_path: Path) -> None:
    parts = {"postgres_server": "db", "postgres_user": "us er", "postgres_password": "p@ss/w:rd", "postgres_db": "shop"}
    settings = made(tmp_path, **parts)
    assert settings.database_url == "postgresql://us%20er:p%40ss%2Fw%3Ard@db:5432/shop"
    from app.kernel.db import async_url

    assert async_url(settings.database_url).password == "p@ss/w:rd"
    assert made(tmp_path, **parts, database_url="sqlite:///x.db").database_url == "sqlite:///x.db"


@pytest.mark.parametrize(
    ("written", "origins"),
    [
        ("http://a.example", ["http://a.example"]),
        ("http://a.example, https://b.example/ ,", ["http://a.example", "https://b.example"]),
        ('["http://a.example","https://b.example"]', ["http://a.example", "https://b.example"]),
        (" ", []),
    ],
)
@pytest.mark.parametrize("name", ["CORS_ORIGINS", "BACKEND_CORS_ORIGINS"])
def test_origins_are_a_comma_list_or_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, written: str, origins: list[str]
) -> None:
    monkeypatch.setenv(name, written)
    assert made(tmp_path).cors_origins == origins


def test_development_makes_a_secret_of_its_own_and_keeps_it(tmp_path: Path) -> None:
    first = made(tmp_path, secret_key="")
    second = made(tmp_path, secret_key="changethis")
    assert first.secret_key == second.secret_key
    assert len(first.secret_key) >= 32
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
    assert made(tmp_path / "elsewhere", secret_key="").secret_key != first.secret_key


@pytest.mark.parametrize("environment", ["development", "production"])
def test_a_short_secret_is_refused(tmp_path: Path, environment: str) -> None:
    with pytest.raises(ValidationError, match="32 bytes"):
        made(tmp_path, environment=environment, secret_key="x" * 31)
    made(tmp_path, environment=environment, secret_key="x" * 32)


@pytest.mark.parametrize(
    "values",
    [
        {"secret_key": ""},
        {"secret_key": "changethis"},
        {"secret_key": "changethis" * 4},
        {"secret_key": "your-secret-key-which-is-in-the-source-document"},
        {"postgres_server": "db", "postgres_password": "changethis"},
        {"demo": True},
    ],
)
def test_production_refuses_what_stands_in_examples(tmp_path: Path, values: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        made(tmp_path, environment="production", **values)


@pytest.mark.parametrize(
    "values",
    [{"environment": "staging"}, {"max_file_size": 0}, {"snowflake_node_id": 1024}, {"jwt_algorithm": "none"},
     {"jwt_access_token_expire_days": 0}, {"port": "x"}],
)  # fmt: skip
def test_impossible_values_are_refused(tmp_path: Path, values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        made(tmp_path, **values)


def test_a_secret_is_not_printed(tmp_path: Path) -> None:
    assert SECRET not in repr(made(tmp_path))


def test_the_demo_is_off_unless_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert made(tmp_path).demo is False
    monkeypatch.setenv("PARLEY_DEMO", "1")
    assert made(tmp_path).demo is True
