"""The few statements that databases spell differently. Nothing else imports a dialect."""

from typing import Any

from sqlalchemy import BigInteger, Table
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession


def table_of(model: type[SQLModel]) -> Table:
    """The Core table of a model."""
    table: Table = model.__table__  # type: ignore[attr-defined]
    return table


class server_now(FunctionElement[int]):
    """The database's own clock, in whole seconds since the epoch: one clock for all processes."""

    type = BigInteger()
    inherit_cache = True


@compiles(server_now)
def _server_now(element: server_now, compiler: SQLCompiler, **options: Any) -> str:
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS BIGINT)"


@compiles(server_now, "sqlite")
def _server_now_sqlite(element: server_now, compiler: SQLCompiler, **options: Any) -> str:
    return "CAST(strftime('%s', 'now') AS INTEGER)"


@compiles(server_now, "mysql", "mariadb")
def _server_now_mysql(element: server_now, compiler: SQLCompiler, **options: Any) -> str:
    return "UNIX_TIMESTAMP()"


async def upsert(
    session: AsyncSession, model: type[SQLModel], rows: list[dict[str, Any]], *, key: list[str], update: list[str]
) -> None:
    """Insert `rows`; where `key` is taken, set the columns `update` instead (none: leave the row as it is)."""
    table = table_of(model)
    dialect = session.get_bind().dialect.name
    connection = await session.connection()
    if dialect in ("mysql", "mariadb"):
        on_mysql = mysql.insert(table)
        changes = {name: on_mysql.inserted[name] for name in update or key[:1]}
        await connection.execute(on_mysql.on_duplicate_key_update(**changes), rows)
        return
    insert = (postgresql if dialect == "postgresql" else sqlite).insert(table)
    if update:
        insert = insert.on_conflict_do_update(index_elements=key, set_={name: insert.excluded[name] for name in update})
    else:
        insert = insert.on_conflict_do_nothing(index_elements=key)
    await connection.execute(insert, rows)
