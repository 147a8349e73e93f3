"""Everything that differs between two installations, read once: process environment first, then `.env`.

Which adapter serves (database, broker, storage) follows from these values; no other module asks in which shape the
product runs.
"""

import json
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self, cast
from urllib.parse import quote

from pydantic import AliasChoices, Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from starlette.requests import HTTPConnection

PROJECT_ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = ("changethis", "your-secret-key")
MIN_SECRET_BYTES = 32  # RFC 7518 section 3.2: an HS256 key is at least as long as its hash.


class Settings(BaseSettings):
    """Field names are the environment's names in lower case; aliases are the names older documents use."""

    model_config = SettingsConfigDict(
        env_file=PROJECT_ROOT / ".env",
        env_ignore_empty=True,
        extra="ignore",
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    environment: Literal["development", "production"] = "development"
    project_name: str = "Parley"
    debug: bool = False
    debug_sql: bool = False
    demo: bool = Field(default=False, validation_alias=AliasChoices("PARLEY_DEMO", "demo"))
    """Shows the demo shop and its one-click sign-ins. Never true by default."""

    var_dir: Path = Field(default=PROJECT_ROOT / "var", validation_alias=AliasChoices("PARLEY_VAR", "var_dir"))
    """The folder of everything embedded: SQLite file, media, generated secret."""
    media_dir: Path = Path("")
    frontend_dir: Path = PROJECT_ROOT / "frontend"

    database_url: str = ""
    postgres_server: str = ""
    postgres_port: int = 5432
    postgres_user: str = "postgres"
    postgres_password: str = ""
    postgres_db: str = "parley"
    database_pool_size: int = 10
    broker_url: str = ""
    """Empty: inside the process. `redis://…`: several instances."""
    snowflake_node_id: int | None = Field(default=None, ge=0, le=1023)

    host: str = "0.0.0.0"  # noqa: S104 - the source document's default: reachable from a container's network
    port: int = 8000
    reload: bool = False
    base_url: str = ""
    """Where browsers reach us; media links are built with it. Empty: http://localhost:PORT."""
    cors_origins: Annotated[list[str], NoDecode] = Field(
        default=[], validation_alias=AliasChoices("CORS_ORIGINS", "BACKEND_CORS_ORIGINS", "cors_origins")
    )
    forwarded_allow_ips: str = "127.0.0.1"
    """Proxies whose X-Forwarded-* headers are believed."""

    secret_key: str = Field(
        default="", validation_alias=AliasChoices("JWT_SECRET_KEY", "SECRET_KEY", "secret_key"), repr=False
    )
    jwt_algorithm: Literal["HS256"] = "HS256"
    jwt_access_token_expire_days: float = Field(default=7, gt=0)
    refresh_token_days: float = Field(default=30, gt=0)
    argon2_time_cost: int = 3
    argon2_memory_kib: int = 65536
    rate_limits: bool = True
    """Off only for load tests on loopback."""

    max_file_size: int = Field(default=10_485_760, gt=0)
    """Bytes of one upload."""
    socket_frames_per_second: int = 300
    """Frames that one socket may send before it is told `too_fast`; bursts of twice that are forgiven."""

    @field_validator("cors_origins", mode="before")
    @classmethod
    def split_origins(cls, value: Any) -> Any:
        """A comma list or JSON, as the two source documents write it."""
        if not isinstance(value, str):
            return value
        if value.strip().startswith("["):
            return json.loads(value)
        return [origin.strip().rstrip("/") for origin in value.split(",") if origin.strip()]

    @model_validator(mode="after")
    def complete(self) -> Self:
        """Fill what follows from other values and refuse what would be unsafe."""
        if self.media_dir == Path(""):
            self.media_dir = self.var_dir / "media"
        if not self.database_url:
            self.database_url = self._composed_database_url()
        self.base_url = (self.base_url or f"http://localhost:{self.port}").rstrip("/")
        if self.environment == "production":
            self._refuse_weak_secret()
            if self.demo:
                raise ValueError("PARLEY_DEMO shows published sign-ins; it is for development only")
        elif not self.secret_key or self.secret_key.startswith(EXAMPLES):
            # A published key would open every development server that somebody else can reach.
            self.secret_key = self._generated_secret()
        if len(self.secret_key.encode()) < MIN_SECRET_BYTES:
            raise ValueError(f"SECRET_KEY must have at least {MIN_SECRET_BYTES} bytes")
        return self

    def _composed_database_url(self) -> str:
        if self.postgres_server:
            password = f":{quote(self.postgres_password, safe='')}" if self.postgres_password else ""
            user = quote(self.postgres_user, safe="")
            return f"postgresql://{user}{password}@{self.postgres_server}:{self.postgres_port}/{self.postgres_db}"
        return f"sqlite:///{self.var_dir / 'parley.db'}"

    def _refuse_weak_secret(self) -> None:
        for name, value in (("SECRET_KEY", self.secret_key), ("POSTGRES_PASSWORD", self._password_in_use())):
            if value.startswith(EXAMPLES):
                raise ValueError(f"{name} still has its example value; set a random one before production")
        if not self.secret_key:
            raise ValueError("SECRET_KEY is required in production")

    def _password_in_use(self) -> str:
        return self.postgres_password if self.postgres_server else ""

    def _generated_secret(self) -> str:
        """A secret of this installation's own, so that a forgotten setting is not a known key."""
        path = self.var_dir / "secret_key"
        self.var_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with path.open("x") as file:
                path.chmod(0o600)
                file.write(secrets.token_urlsafe(48))
        except FileExistsError:
            pass
        return path.read_text().strip()


@lru_cache
def get_settings() -> Settings:
    """The settings of this process."""
    return Settings()


def settings_of(connection: HTTPConnection) -> Settings:
    """The settings of the application that serves this request."""
    return cast(Settings, connection.app.state.settings)
