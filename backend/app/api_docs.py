"""What Swagger shows: the document's text, the order of its parts, and pages with our own copies of the assets."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from app import VERSION
from app.kernel.config import Settings
from app.kernel.html import render

router = APIRouter()

TAGS = [
    ("auth", "Sign in with a password or as a device, go on with a session, end it."),
    ("conversations", "One line of talk between a buyer and a shop."),
    ("messages", "Sent exactly once, read in gap-free order, searched in any language."),
    ("notes", "What only the merchant's side and admins see."),
    ("quick replies", "Prepared answers."),
    ("labels", "What a shop calls its conversations, in colours."),
    ("automation", "Rules: when something happens and some things are so, do this."),
    ("views", "Lists of conversations under a name: filters and an order."),
    ("files", "Images and files for messages."),
    ("contacts", "The shop's address book."),
    ("imports", "Tables of quick replies and contacts: looked at first, then imported as a task."),
    ("tasks", "Background work: started, followed, stopped; the files that it makes."),
    ("users", "Profiles; for admins, everybody's accounts."),
    ("staff", "Who works for a shop, and the shop as buyers see it."),
    ("API keys", "Secrets with which a shop's own programs act for it."),
    ("webhooks", "Events for a shop's own systems: signed, retried, replayed."),
    ("health", "Whether the server can serve."),
]

TEXT = """
Parley is where online shops talk with their customers. This is its whole API: everything that our own console and
widget do goes through it.

**Start here.** `POST /auth/login` with a user name and password, or as a buyer with nothing but a random `device_id`;
press *Authorize* and paste the `access_token`. Then `GET /conversations/`.

**Ids** are strings (they pass 2^53). **Times** are whole seconds since the epoch. **Lists** answer `{count, results}`.
**Errors** answer `{detail, code}`: `detail` is a sentence in the language of `Accept-Language`, `code` is for programs;
422 adds `errors`. Every answer bears `X-Request-ID`. Addresses work with and without the last slash, and under `/api/` too.

**Never lost, never doubled, in order.** Give every message a `client_id` of your own and repeat the call after any
doubt: the second answer is the first one again. In a conversation `seq` starts at 1 and rises by 1 without gaps. After
an outage compare `last_seq` of `GET /conversations/` with what you have, and fetch `messages/?after_seq=<yours>`.

## Live: the WebSocket `/ws/{user_id}`

`user_id` is your own. Show your token as the first frame `{"type":"auth","token":"…"}` within 5 s, or as subprotocols
`["parley.v1", "bearer.<token>"]`; never in the address. Then you get `ready {user_id, role, heartbeat, server_time}` and
`online_users {users, timestamp}`.

| you send | you get |
|---|---|
| `send {conversation_id, client_id, content, message_type?, attachment_ids?, reply_to?}` | `sent {client_id, conversation_id, id, seq, timestamp}` after the commit, or `error {client_id, status, code, detail}` |
| `read {conversation_id, seq}` · `typing {conversation_id, on}` | – |
| `sync {conversations: {id: last_seq, …}}` (at most 500) | every missed `message` in seq order, then `synced {conversations: {id: last_seq}, more: [id…], unknown: [id…]}` |
| `ping {t}` | `pong {t}` |

| the server sends | when |
|---|---|
| `message {id, conversation_id, seq, client_id, sender_id, sender_role, content, message_type, attachments, reply_to, timestamp}` | to the buyer, the whole merchant's side and all admins |
| `read {conversation_id, side, seq}` · `typing {conversation_id, user_id, on}` · `status {user_id, status, timestamp}` | to those who share the conversation |
| `conversation {conversation}` | status, assignee or labels changed |
| `note {note}` · `activity {activity}` | to the merchant's side and admins only |
| `resync {}` | you may have missed something: send `sync` |
| `error {status, code, detail}` | a frame was not understood; the socket stays open |

Close codes: 4401 not (or no longer) authenticated, 4403 not your user id, 4408 too slow to authenticate, 4429 too fast,
1012 restarting (come back after a random moment). A frame is a nudge and the fetch is the truth: when a `seq` is missing,
fetch it.
"""


def description(settings: Settings) -> dict[str, Any]:
    """The arguments of `FastAPI(...)` that describe the API."""
    return {
        "title": f"{settings.project_name} API",
        "version": VERSION,
        "description": TEXT,
        "openapi_tags": [{"name": name, "description": text} for name, text in TAGS],
        "docs_url": None,
        "redoc_url": None,
        "swagger_ui_oauth2_redirect_url": None,
        "license_info": {"name": "MIT"},
        "contact": {"name": "Parley"},
    }


@router.get("/docs")
async def swagger(request: Request) -> Response:
    """Swagger UI, from our own files: no other host is asked."""
    return render(request, "docs/swagger.html")


@router.get("/redoc")
async def redoc(request: Request) -> Response:
    """ReDoc, from our own files."""
    return render(request, "docs/redoc.html")
