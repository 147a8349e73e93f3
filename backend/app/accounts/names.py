"""How people are named: ids with a role letter, user names, phone numbers, and how an account is told from the others.

User names, e-mail addresses and phone numbers share one sign-in field, so their forms never overlap.
"""

import re
import unicodedata
from typing import Annotated

import phonenumbers
from pydantic import AfterValidator, StringConstraints

from app.kernel.identity import Role
from app.kernel.ids import new_id

ROLE_LETTERS = {Role.BUYER: "b", Role.MERCHANT: "m", Role.ADMIN: "a", Role.PLATFORM: "p"}
USER_ID_PATTERN = r"^[abmp][0-9]{1,19}$"
USERNAME_PATTERN = r"^[\w.-]{2,100}$"
DEFAULT_REGION = "CN"  # a phone number without a country code


def new_user_id(role: Role) -> str:
    """A fresh id such as `b812345678901234567`."""
    return f"{ROLE_LETTERS[role]}{new_id()}"


def is_id_of(role: Role, user_id: str) -> bool:
    """True when the id's letter is the role's."""
    return user_id.startswith(ROLE_LETTERS[role])


def username(text: str) -> str:
    """The stored form: NFKC, lower case. Raises ValueError for what could be taken for an e-mail or a phone number."""
    name = unicodedata.normalize("NFKC", text).strip().lower()
    if not re.fullmatch(USERNAME_PATTERN, name) or not re.search(r"[^\W\d_]", name):
        raise ValueError("2 to 100 letters, digits, dots, hyphens or underscores, with at least one letter")
    return name


def phone(text: str) -> str:
    """E.164. Raises ValueError when no such number can exist."""
    try:
        number = phonenumbers.parse(text, DEFAULT_REGION)
    except phonenumbers.NumberParseException as error:
        raise ValueError("not a phone number") from error
    if not phonenumbers.is_valid_number(number):
        raise ValueError("not a phone number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def plain(text: str) -> str:
    """One line without control characters (PostgreSQL refuses NUL, and a name with a line break forges a log line)."""
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise ValueError("control characters are not allowed")
    return text.strip()


def account_column(account: str) -> tuple[str, str] | None:
    """What somebody typed into the sign-in field as `(column, stored form)`; None when it can be nobody's."""
    try:
        if "@" in account:
            return "email", plain(account).lower()
        if re.fullmatch(r"\+?[0-9 ()-]{5,30}", account.strip()):
            return "phone", phone(account)
        return "username", username(account)
    except ValueError:
        return None


def account_key(account: str) -> str:
    """What tries at one password are counted under: however it is written, an account has one count."""
    return ":".join(account_column(account) or ("nobody", account.strip().lower()))


Username = Annotated[str, StringConstraints(min_length=2, max_length=100), AfterValidator(username)]
Phone = Annotated[str, StringConstraints(min_length=5, max_length=30), AfterValidator(phone)]
Line = Annotated[str, AfterValidator(plain)]
"""Text of one line; give it a `max_length`."""
