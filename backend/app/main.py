"""Assembly: every adapter is built here, once, from the settings."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from app import api_docs
from app.accounts import api as accounts_api
from app.accounts import authentication
from app.accounts import pages as accounts_pages
from app.automation import api as automation_api
from app.automation import pages as automation_pages
from app.chat import api as chat_api
from app.chat import (
    contacts_api,
    contacts_pages,
    exchange_api,
    inbox_api,
    labels_api,
    quick_replies_api,
    reports_api,
    reports_pages,
    retention_api,
    socket,
    task_events_api,
    team_api,
    threads_api,
    widget_api,
)
from app.chat import pages as chat_pages
from app.chat.desk import Desk
from app.chat.imports import api as imports_api
from app.demo import people
from app.files import api as files_api
from app.files import avatars, media_api, private_api
from app.jobs import api as jobs_api
from app.jobs.kinds import QUEUES
from app.kernel import error_handlers, instances, static_files
from app.kernel.body_limit import BodyLimit
from app.kernel.broker import broker_for
from app.kernel.config import Settings, get_settings
from app.kernel.db import Database
from app.kernel.limits import RateLimits
from app.kernel.node_leases import leased_node
from app.kernel.page_security import PageSecurity
from app.kernel.paths import ApiPaths
from app.kernel.refusals import ALWAYS
from app.kernel.single_process import only_server_of
from app.kernel.telemetry import Telemetry
from app.overview import (
    audit_api,
    audit_pages,
    data_pages,
    health,
    merchants_pages,
    outbox_pages,
    own_pages,
    system_pages,
    tasks_pages,
    users_pages,
    wall_pages,
)
from app.overview import pages as overview_pages
from app.privacy import api as privacy_api
from app.privacy import pages as privacy_pages
from app.webhooks import api as webhooks_api
from app.webhooks import pages as webhooks_pages
from app.webhooks import schemas_api as webhook_schemas
from app.worker import at_work

API_PREFIX = "/api/v1"
CORS_METHODS = ["GET", "POST", "PUT", "DELETE"]
CORS_HEADERS = ["Authorization", "Content-Type", "X-Request-ID"]


def create_app(settings: Settings | None = None) -> FastAPI:
    """The whole product, for one installation."""
    settings = settings or get_settings()
    app = FastAPI(lifespan=_lifespan, **api_docs.description(settings))
    app.state.settings = settings
    app.state.db = Database(settings)
    app.state.limits = RateLimits(settings)
    app.state.desk = Desk(settings, app.state.db, broker_for(settings))
    app.state.is_online = app.state.desk.presence.is_online
    app.state.authenticate = authentication.authenticate
    app.state.demo_sign_ins = people.sign_ins() if settings.demo else []
    error_handlers.install(app)
    _add_doors(app)
    app.router.redirect_slashes = False
    tables = dict.fromkeys((*imports_api.uploads(API_PREFIX), *data_pages.UPLOADS), imports_api.MAX_BODY_BYTES)
    pictures = {own_pages.PROFILE: settings.max_file_size + own_pages.ENVELOPE_BYTES}
    app.add_middleware(BodyLimit, unlimited=(f"{API_PREFIX}/upload/",), larger=tables | pictures)
    app.add_middleware(ApiPaths, prefix=API_PREFIX)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.cors_origins,
        allow_methods=CORS_METHODS,
        allow_headers=CORS_HEADERS,
        expose_headers=["X-Request-ID"],
        max_age=600,
    )
    app.add_middleware(PageSecurity, settings=settings)
    app.add_middleware(Telemetry, settings=settings)
    app.add_middleware(socket.SocketDoor)
    return app


def _add_doors(app: FastAPI) -> None:
    # First, because routes are tried one after another, and a page asks for a hundred files.
    app.mount("/static", static_files.app(), name="static")
    # Not through a router of their own: each level of routers is searched twice.
    for room in (
        accounts_api,
        inbox_api,
        chat_api,
        exchange_api,
        widget_api,
        threads_api,
        contacts_api,
        imports_api,
        quick_replies_api,
        labels_api,
        retention_api,
        team_api,
        reports_api,
        files_api,
        jobs_api,
        privacy_api,
        private_api,
        task_events_api,
        automation_api,
        webhooks_api,
        audit_api,
        health,
    ):
        app.include_router(room.router, prefix=API_PREFIX, responses=ALWAYS)
    app.include_router(wall_pages.api, prefix=API_PREFIX, responses=ALWAYS)
    for door in (health.root, api_docs.router, media_api.router, private_api.root, webhook_schemas.router):
        app.include_router(door, include_in_schema=False)
    for page in (
        accounts_pages,
        chat_pages,
        contacts_pages,
        reports_pages,
        overview_pages,
        tasks_pages,
        data_pages,
        outbox_pages,
        audit_pages,
        merchants_pages,
        own_pages,
        system_pages,
        users_pages,
        wall_pages,
        privacy_pages,
        automation_pages,
        webhooks_pages,
    ):
        app.include_router(page.router, include_in_schema=False)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    db: Database = app.state.db
    async with AsyncExitStack() as stack:
        if db.dialect == "sqlite":
            stack.enter_context(only_server_of(Path(db.url.database or "")))
        stack.push_async_callback(db.dispose)
        await asyncio.to_thread(avatars.ensure_defaults, app.state.settings.media_dir)
        await stack.enter_async_context(leased_node(db, app.state.settings))
        await app.state.desk.start()
        stack.push_async_callback(app.state.desk.stop)
        await stack.enter_async_context(at_work(app.state.desk, list(QUEUES) if app.state.settings.run_jobs else ()))
        await stack.enter_async_context(instances.alive(db, "server", app.state.desk.facts))
        yield
