"""How a mail is made: both parts from `templates/mail`, and the headers around them.

A template is a pair: `name.txt`, whose block `subject` is the subject, and `name.html`. Only the text part is
not escaped.
"""

import hashlib
import re
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment
from pydantic import BaseModel, Field

from app.kernel import clock, html, i18n
from app.kernel.config import Settings
from app.kernel.errors import Invalid

TEMPLATES = ("invitation", "test", "task-finished", "transcript", "verification-code")
POLICY = SMTP.clone(cte_type="7bit")  # ASCII on the wire, whatever the servers on the way can do
MAX_SUBJECT = 200  # characters
FORGING = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")
LINK = re.compile(r"https?://[!-;=?-~]+")


class Letter(BaseModel):
    """What a mail is made from when its turn comes. `said` is what the other side answered: it has left."""

    to: str
    template: str
    locale: str = "en"
    context: dict[str, Any] = Field(default_factory=dict)
    unsubscribe_url: str | None = None
    said: str | None = None


def compose(settings: Settings, letter: Letter, key: str) -> EmailMessage:
    """The mail. The same `key` makes the same Message-ID, by which a doubled one is known."""
    if letter.template not in TEMPLATES:
        raise ValueError(f"there is no mail called {letter.template}")
    known: dict[str, Any] = dict(letter.context)
    locale = letter.locale if letter.locale in i18n.LOCALES else "en"
    known |= {
        "locale": locale,
        "product": settings.project_name,
        "home": settings.base_url,
        "unsubscribe_url": letter.unsubscribe_url,
        "when": lambda timestamp: i18n.format_time(timestamp, locale, settings.time_zone),
    }
    words = _words().get_template(f"mail/{letter.template}.txt")
    subject = "".join(words.blocks["subject"](words.new_context(known)))
    known["subject"] = _header(subject)[:MAX_SUBJECT]
    message = EmailMessage(policy=POLICY)
    _add_headers(message, settings, letter, key, known["subject"])
    message.set_content(words.render(known))
    message.add_alternative(html.environment().get_template(f"mail/{letter.template}.html").render(known), "html")
    return message


def _add_headers(message: EmailMessage, settings: Settings, letter: Letter, key: str, subject: str) -> None:
    sender = settings.mail_from or f"parley@{urlsplit(settings.base_url).hostname or 'localhost'}"
    message["From"] = Address(settings.mail_from_name, addr_spec=sender)
    message["To"] = Address(addr_spec=_header(letter.to))
    message["Subject"] = subject
    message["Date"] = datetime.fromtimestamp(clock.now(), UTC)
    # Two installations may send for one domain, and ids are unique within one only.
    place = hashlib.sha256(settings.base_url.encode()).hexdigest()[:12]
    message["Message-ID"] = f"<{key}.{place}@{sender.rpartition('@')[2]}>"
    # Nobody's out-of-office answers a machine: RFC 3834, and what Exchange knows instead.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    if letter.unsubscribe_url is not None:
        if not LINK.fullmatch(letter.unsubscribe_url):
            raise Invalid("forged_header", "A line break or the like cannot stand in the head of a mail.")
        message["List-Unsubscribe"] = f"<{letter.unsubscribe_url}>"


def _header(text: str) -> str:
    """A name with a line break in it would begin a header of its own."""
    if FORGING.search(text):
        raise Invalid("forged_header", "A line break or the like cannot stand in the head of a mail.")
    return text.strip()


@lru_cache
def _words() -> Environment:
    """For text parts: the same templates and words, and nothing is escaped where nothing is markup."""
    return html.environment().overlay(autoescape=False)
