"""The `parley` command. Each command is one verb of a room."""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlmodel.ext.asyncio.session import AsyncSession

from app import server
from app import worker as work
from app.accounts import passwords, users
from app.accounts.shapes import UserCreate
from app.demo import seed as demo
from app.demo import shop_pages
from app.files.storage.local import LocalStorage
from app.jobs.kinds import QUEUES, Retry
from app.kernel import migrations
from app.kernel.clock import now
from app.kernel.config import Settings, get_settings
from app.kernel.db import Database
from app.kernel.errors import AppError
from app.kernel.i18n import LOCALES
from app.kernel.identity import Role
from app.kernel.node_leases import leased_node
from app.main import create_app
from app.messengers import letters, mail
from app.messengers.carriers import mailer_for
from app.messengers.letters import Letter

T = TypeVar("T")
cli = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Parley on the command line."
)

Password = Annotated[str, typer.Argument(help="At least 8 characters; asked for when it is left out.")]


@cli.callback()
def parley() -> None:
    """Where online shops talk with their customers."""


@cli.command()
def create_admin(
    user_id: Annotated[str, typer.Argument(help="a and a number, as a1.")],
    username: str,
    password: Password = "",
) -> None:
    """Create an admin, who sees every conversation and writes in none."""
    password = password or _asked_password()

    async def work(db: Database, settings: Settings) -> str:
        draft = UserCreate(id=user_id, username=username, password=password, role=Role.ADMIN)
        user = await users.register(db, settings, draft)
        return f"Created the admin {user.username} ({user.id})."

    _run(work)


@cli.command()
def change_password(username: str, password: Password = "") -> None:
    """Give a user a new password and end all sessions of that user."""
    password = password or _asked_password()

    async def work(db: Database, settings: Settings) -> str:
        if not passwords.MIN_LENGTH <= len(password) <= passwords.MAX_LENGTH:
            raise ValueError(f"The password must have {passwords.MIN_LENGTH} to {passwords.MAX_LENGTH} characters.")
        password_hash = await passwords.hash_of(settings, password)

        async def change(session: AsyncSession) -> str:
            user = await users.by_username(session, username)
            await users.set_password(session, user.id, password_hash)
            return user.username

        return f"Changed the password of {await db.write(change)}."

    _run(work)


@cli.command()
def migrate() -> None:
    """Bring the database to the newest shape."""
    migrations.upgrade(get_settings())


@cli.command()
def seed() -> None:
    """Fill an empty database with the demo shop; leave any other alone."""

    async def work(db: Database, settings: Settings) -> str:
        if settings.environment == "production":
            raise ValueError("The demo's sign-ins are published: they are not made in production.")
        summary = await demo.seed(db, settings, LocalStorage(settings.media_dir))
        if not summary.is_seeded:
            return "The database is in use already; nothing was changed."
        return f"Made the demo shop: {summary.users} people, {summary.conversations} conversations."

    _run(work)


@cli.command()
def openapi() -> None:
    """Print the API's description as JSON."""
    typer.echo(json.dumps(create_app(get_settings()).openapi(), indent=2, ensure_ascii=False))


@cli.command()
def serve() -> None:
    """Serve the product."""
    server.run(get_settings())


@cli.command()
def demo_shop(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where the shop listens.")] = 8001,
    host: Annotated[str, typer.Option(help="On which address.")] = "127.0.0.1",
) -> None:
    """Serve the demo's rice farm as a shop on another origin, with the chat of this installation on its page."""
    settings = get_settings()
    typer.echo(f"The demo shop is at http://{host}:{port}/, with the chat of {settings.base_url}.")
    shop_pages.run(settings, host, port)


@cli.command()
def worker(
    queues: Annotated[str, typer.Option(help=f"Comma list of {', '.join(QUEUES)}; all when left out.")] = "",
    concurrency: Annotated[int | None, typer.Option(min=1, help="Jobs at once, over all queues.")] = None,
) -> None:
    """Run background jobs in a process of its own, beside any number of others. SQLite serves one process: there the

    server runs them itself.
    """
    names = [name.strip() for name in queues.split(",") if name.strip()]
    unknown = sorted(set(names) - set(QUEUES))
    if unknown:
        _refuse(f"There is no queue {', '.join(unknown)}. There are: {', '.join(QUEUES)}.")
    try:
        work.run(get_settings(), names, concurrency)
    except (RuntimeError, OperationalError, ProgrammingError) as error:
        _refuse(str(error))


@cli.command()
def send_test_mail(
    to: Annotated[str, typer.Argument(help="The address that it goes to.")],
    locale: Annotated[str, typer.Option(help=f"One of {', '.join(LOCALES)}.")] = "en",
) -> None:
    """Send a mail at once and print what the mail server said: a check of the SMTP_* settings."""
    settings = get_settings()
    key = f"test-{uuid.uuid4().hex}"
    try:
        letter = Letter(to=mail.address(to), template="test", locale=locale, context={"asked_at": now()})
        said = asyncio.run(mailer_for(settings).deliver(letters.compose(settings, letter, key), key))
    except (AppError, Retry) as error:
        _refuse(str(error))
    typer.echo(f"{settings.smtp_host or 'No SMTP_HOST is set, so it was written down'}: {said}")


def main(arguments: list[str] | None = None) -> None:
    """Run one command; the entry point of `parley`, and of the scripts that the source document names."""
    cli(args=arguments)


def _asked_password() -> str:
    answer: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return answer


def _run(work: Callable[[Database, Settings], Awaitable[str]]) -> None:
    """Run `work` on the configured database and print what it says; a refusal goes to stderr and exits with 1."""

    async def with_database() -> str:
        settings = get_settings()
        db = Database(settings)
        try:
            async with leased_node(db, settings):
                return await work(db, settings)
        finally:
            await db.dispose()

    try:
        typer.echo(asyncio.run(with_database()))
    except ValidationError as error:
        _refuse("; ".join(f"{'.'.join(map(str, e['loc'])) or 'input'}: {e['msg']}" for e in error.errors()))
    except (AppError, ValueError) as error:
        _refuse(str(error))
    except (OperationalError, ProgrammingError) as error:
        _refuse(f"The database does not answer as expected; was `parley migrate` run? ({error.orig})")


def _refuse(sentence: str) -> None:
    typer.echo(sentence, err=True)
    raise typer.Exit(1)


if __name__ == "__main__":
    main()
