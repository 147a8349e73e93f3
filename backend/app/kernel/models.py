"""Column types and metadata conventions that every table shares."""

from enum import StrEnum
from typing import Annotated, Any

from fastapi import Path
from pydantic import PlainSerializer, WithJsonSchema
from sqlalchemy import BigInteger, Column, Enum, ForeignKey
from sqlmodel import Field, SQLModel

from app.kernel.ids import new_id

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

Id = Annotated[
    int,
    PlainSerializer(str, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]+$", "examples": ["812345678901234567"]}),
]
"""A Snowflake: BIGINT in tables, a string in JSON because it passes 2^53."""

MAX_BIGINT = 2**63 - 1
PathId = Annotated[int, Path(ge=1, le=MAX_BIGINT)]
"""A Snowflake in a path."""

UserId = Annotated[str, WithJsonSchema({"type": "string", "maxLength": 50, "examples": ["b17"]})]
"""Role letter and number: `b17`, `m1`, `a1`, `p1`."""


def id_column() -> Any:
    """The Snowflake primary key of a table."""
    return Field(
        default_factory=new_id, primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False}
    )


def time_column(**options: Any) -> Any:
    """Seconds since the epoch, in a BIGINT: INTEGER ends in January 2038."""
    return Field(sa_type=BigInteger, **options)


def words(kind: type[StrEnum]) -> Enum:
    """A StrEnum as VARCHAR on every database: a native enum type needs a migration for each new word."""
    return Enum(
        kind, native_enum=False, length=20, values_callable=lambda members: [member.value for member in members]
    )


def child_of(table: str, **options: Any) -> Column[Any]:
    """The id of a row of `table`; what has it goes with that row."""
    return Column(BigInteger, ForeignKey(f"{table}.id", ondelete="CASCADE"), nullable=False, **options)
