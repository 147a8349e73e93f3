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
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import Depends
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
    run_jobs: bool = True
    """Whether the serving process runs background jobs itself. False where `parley worker` processes do."""
    job_lease_seconds: float = Field(default=30, ge=3)
    """A worker that shows no life for so long is taken for dead, and its jobs are given to others."""
    time_zone: str = "Asia/Shanghai"
    """In which the schedule and every day-bound figure is meant (IANA name)."""
    snowflake_node_id: int | None = Field(default=None, ge=0, le=1023)

    host: str = "127.0.0.1"
    """Where the server listens; the image says `0.0.0.0`, for a container's network."""
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

    smtp_host: str = ""
    """Empty: mail is kept in `var/outbox`, and in production refused."""
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_user: str = ""
    smtp_password: str = Field(default="", repr=False)
    smtp_tls: Literal["starttls", "tls", "none"] = "starttls"
    smtp_timeout_seconds: float = Field(default=30, gt=0)
    """Of one try as a whole."""
    mail_from: str = Field(default="", pattern=r"^([^\s<>@]+@[^\s<>@]+)?$")
    mail_from_name: str = Field(default="Parley", pattern=r"^[^\r\n]*$")
    ali_access_key_id: str = ""
    ali_access_key_secret: str = Field(default="", repr=False)
    aliyun_sms_sign_name: str = ""
    """Empty: SMS are kept in `var/outbox`, and in production refused."""
    aliyun_sms_template_code: str = ""
    """Of the template that carries a verification code."""
    aliyun_sms_endpoint: str = "https://dysmsapi.aliyuncs.com"
    worker_metrics_port: int = Field(default=0, ge=0, le=65535)
    """Where a `parley worker` process answers Prometheus; 0: nowhere."""

    webhook_allowed_hosts: Annotated[list[str], NoDecode] = []
    """`host:port` of receivers to which webhooks may go although they are on an inner network or without https."""

    max_file_size: int = Field(default=10_485_760, gt=0)
    """Bytes of one upload."""
    socket_frames_per_second: int = 300
    """Frames that one socket may send before it is told `too_fast`; bursts of twice that are forgiven."""

    @field_validator("time_zone")
    @classmethod
    def known_zone(cls, value: str) -> str:
        """Refused at the start, not at the first firing."""
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, OSError, ValueError):
            raise ValueError(f"TIME_ZONE: there is no time zone {value}") from None
        return value

    @field_validator("cors_origins", "webhook_allowed_hosts", mode="before")
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
        self._refuse_half_a_messenger()
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

    def _refuse_half_a_messenger(self) -> None:
        if self.smtp_host and not self.mail_from:
            raise ValueError("SMTP_HOST needs MAIL_FROM, the address that mail comes from")
        needed = (self.ali_access_key_id, self.ali_access_key_secret, self.aliyun_sms_template_code)
        if self.aliyun_sms_sign_name and not all(needed):
            names = "ALI_ACCESS_KEY_ID, ALI_ACCESS_KEY_SECRET and ALIYUN_SMS_TEMPLATE_CODE"
            raise ValueError(f"ALIYUN_SMS_SIGN_NAME needs {names}")

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


InUse = Annotated[Settings, Depends(settings_of)]
