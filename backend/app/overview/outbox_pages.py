"""The outbox of a development machine: mail and SMS that would have left, for admins to read. In production: nothing.

It stands here and not in `messengers`, because the console's frame shows who is signed in.
"""

import asyncio
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from app.accounts.viewers import AdminAtDesk, viewer
from app.kernel.config import InUse, settings_of
from app.kernel.db import ReadTx
from app.kernel.errors import NotFound
from app.kernel.html import render
from app.messengers import outbox

NEWEST = 100
# A mail brings styles and pictures of its own, and no script; the frame around it is sandboxed as well.
MAIL_POLICY = "; ".join(
    [
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'self'",
        "sandbox allow-popups allow-popups-to-escape-sandbox",
    ]
)

router = APIRouter(prefix="/admin/outbox")


def _folder(settings: InUse) -> Path:
    if not outbox.is_open(settings):
        raise NotFound()
    return outbox.folder_of(settings)


Folder = Annotated[Path, Depends(_folder)]


@router.get("")
async def outbox_page(request: Request, me: AdminAtDesk, session: ReadTx, folder: Folder) -> Response:
    """The newest messages."""
    count, kept = await asyncio.to_thread(outbox.listing, folder, NEWEST)
    shown = await viewer(request, session, me)
    settings = settings_of(request)
    return render(request, "admin/outbox.html", me=shown, place="outbox", count=count, kept=kept, settings=settings)


@router.get("/{name}")
async def outbox_message(request: Request, name: str, me: AdminAtDesk, session: ReadTx, folder: Folder) -> Response:
    """One message: its head, its text, and its HTML in a frame of its own."""
    message = await asyncio.to_thread(outbox.get, folder, name)
    shown = await viewer(request, session, me)
    return render(request, "admin/outbox_message.html", me=shown, place="outbox", message=message)


@router.get("/{name}/html")
async def outbox_html(name: str, _: AdminAtDesk, folder: Folder) -> Response:
    """The HTML part as a mail program would show it, under a policy that runs nothing."""
    message = await asyncio.to_thread(outbox.get, folder, name)
    return HTMLResponse(message.html, headers={"Content-Security-Policy": MAIL_POLICY, "Cache-Control": "no-store"})
