"""The JSON door of API keys. The owner of the shop only, and never by a key."""

from fastapi import APIRouter

from app.accounts import api_keys
from app.accounts.api_keys import ApiKeyCreate, ApiKeyPublic, ApiKeyWithSecret
from app.kernel.db import ReadTx, Tx
from app.kernel.identity import Merchant
from app.kernel.models import PathId
from app.kernel.paging import Listing
from app.kernel.refusals import refusals

router = APIRouter(prefix="/api-keys", tags=["API keys"])
KeyId = PathId


@router.get("/", summary="List API keys", responses=refusals(401, 403))
async def list_api_keys(me: Merchant, session: ReadTx) -> Listing[ApiKeyPublic]:
    """The shop's keys, the newest first; revoked ones too. The owner only (403 `owner_only`). None has its secret."""
    return await api_keys.listing(session, me)


@router.post("/", summary="Create an API key", status_code=201, responses=refusals(401, 403, 409))
async def create_api_key(draft: ApiKeyCreate, me: Merchant, session: Tx) -> ApiKeyWithSecret:
    """The owner only. `key` is in this answer and in no other: keep it where your program can read it.

    409 `too_many_api_keys` above twenty that work.
    """
    return await api_keys.create(session, me, draft)


@router.delete("/{key_id}", summary="Revoke an API key", status_code=204, responses=refusals(401, 403, 404))
async def revoke_api_key(key_id: KeyId, me: Merchant, session: Tx) -> None:
    """The owner only. It stops working at once, and its sockets close within five seconds."""
    await api_keys.revoke(session, me, key_id)
