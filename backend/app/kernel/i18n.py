"""The two languages. A sentence's English text is its message id; the catalogues are read from `.po` as they stand.

No `.mo` is built or committed: reading two small files at start costs less than a step that somebody forgets.
How to extract and update: `docs/translations.md`.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from babel import Locale
from babel.dates import format_timedelta
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from starlette.requests import HTTPConnection

from app.kernel.clock import now
from app.kernel.config import get_settings

LOCALES = ("en", "zh-CN")
COOKIE = "parley_locale"
_FOLDERS = {"en": "en", "zh-CN": "zh_Hans"}
_BABEL_NAMES = {"en": "en", "zh-CN": "zh_Hans_CN"}
_SCRIPT_TEXT = re.compile(r'\bt\(\s*"((?:[^"\\]|\\.)+)"')
_SCRIPT_PLURAL = re.compile(r'\btn\(\s*"((?:[^"\\]|\\.)+)",\s*"((?:[^"\\]|\\.)+)"')

Forms = tuple[str, ...]
"""One translation, or one for each plural form."""


def translate(text: str, locale: str, **params: object) -> str:
    """`text` in the caller's language with its `{placeholders}` filled. An unknown sentence stays English."""
    translated = catalogue(locale).get(text, (text,))[0]
    return translated.format(**params) if params else translated


def translate_plural(one: str, many: str, number: int, locale: str, **params: object) -> str:
    """The form that fits `number`, which fills `{n}` too."""
    forms = catalogue(locale).get(one)
    if forms is None:
        forms = (one, many)
    chosen = forms[0] if number == 1 else forms[-1]
    return chosen.format(n=number, **params)


def locale_of(connection: HTTPConnection) -> str:
    """The language of one request: its `locale` parameter (a framed page has no cookie), cookie, Accept-Language."""
    for asked in (connection.query_params.get("locale"), connection.cookies.get(COOKIE)):
        if asked in LOCALES:
            return asked
    return negotiate(connection.headers.get("accept-language", ""))


def negotiate(accept_language: str) -> str:
    """The best of our languages for an Accept-Language header.

    By hand, because Babel's `negotiate` does not see that `zh_Hans_CN` serves a reader of `zh`.
    """
    wanted: list[tuple[float, str]] = []
    for part in accept_language.split(","):
        tag, _, quality = part.strip().partition(";q=")
        try:
            wanted.append((-float(quality or 1), tag.lower()))
        except ValueError:
            continue
    for _, tag in sorted(wanted, key=lambda pair: pair[0]):
        if tag.split("-")[0] == "zh":
            return "zh-CN"
        if tag.split("-")[0] == "en":
            return "en"
    return "en"


def format_number(value: float, locale: str) -> str:
    """`1,240` in the language's own way."""
    return format_decimal(value, locale=_BABEL_NAMES[locale])


def format_ago(timestamp: int, locale: str) -> str:
    """`5 minutes ago`, for text that the server writes once and nobody keeps fresh."""
    return format_timedelta(timestamp - now(), add_direction=True, locale=Locale.parse(_BABEL_NAMES[locale]))


@lru_cache
def catalogue(locale: str) -> dict[str, Forms]:
    """Every translated sentence of one language by its English text."""
    path = get_settings().frontend_dir / "locale" / _FOLDERS[locale] / "LC_MESSAGES" / "parley.po"
    if not path.is_file():
        return {}
    with path.open("rb") as file:
        messages = read_po(file, locale=_BABEL_NAMES[locale])
    found: dict[str, Forms] = {}
    for message in messages:
        if not message.id or not message.string:
            continue
        one = message.id if isinstance(message.id, str) else message.id[0]
        forms = (message.string,) if isinstance(message.string, str) else tuple(message.string)
        if all(forms):
            found[one] = forms
    return found


@lru_cache
def script_texts(locale: str) -> dict[str, Forms]:
    """What the page's scripts say, for the dictionary that the page hands them. English needs none: text is the id."""
    known = catalogue(locale)
    return {text: known[text] for text in _texts_in_scripts() if text in known}


@lru_cache
def _texts_in_scripts() -> frozenset[str]:
    scripts = (get_settings().frontend_dir / "static" / "js").rglob("*.js")
    return frozenset(_texts_in(scripts))


def _texts_in(scripts: Iterable[Path]) -> Iterable[str]:
    for script in scripts:
        source = script.read_text(encoding="utf-8")
        for match in (*_SCRIPT_TEXT.finditer(source), *_SCRIPT_PLURAL.finditer(source)):
            yield match.group(1).replace('\\"', '"')
