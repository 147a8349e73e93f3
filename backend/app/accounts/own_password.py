"""Changing the own password: who knows the old one may, and stays signed in; everybody else is signed out."""

from pydantic import BaseModel, ConfigDict, Field

from app.accounts import passwords, users
from app.accounts.models import Credential
from app.accounts.shapes import NewPassword
from app.kernel.config import Settings
from app.kernel.db import Database
from app.kernel.errors import Forbidden
from app.kernel.identity import Identity

GUESSES = "10/minute"


class PasswordChange(BaseModel):
    """The password of now, and the one to come."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"current": "rice-and-tea", "new": "tea-and-honey"}]})

    current: str = Field(max_length=passwords.MAX_LENGTH)
    new: NewPassword


async def change(db: Database, settings: Settings, me: Identity, wanted: PasswordChange) -> None:
    """Check the old password and set the new one, in units around the two slow hashes. The edge counts guesses."""
    async with db.reading() as session:
        credential = await session.get(Credential, me.user_id)
    stored = credential.password_hash if credential else None
    if not await passwords.is_right(settings, stored, wanted.current):
        raise Forbidden("wrong_password", "This is not your password.")
    password_hash = await passwords.hash_of(settings, wanted.new)
    await db.write(lambda session: users.set_password(session, me.user_id, password_hash, me.session_id))
