"""The two languages. A sentence's English text is its message id; the catalogues are read from `.po` as they stand.

No `.mo` is built or committed: reading two small files at start costs less than a step that somebody forgets.
How to extract and update: `docs/translations.md`.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_datetime, format_skeleton, format_timedelta
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from starlette.requests import HTTPConnection

from app.kernel import modules
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


def sentence(text: str) -> str:
    """`text` itself. Marks a sentence that is translated later, so that the catalogues learn of it."""
    return text


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


def babel_name(locale: str) -> str:
    """What Babel calls one of our languages."""
    return _BABEL_NAMES[locale]


def format_short_duration(seconds: int, locale: str) -> str:
    """`48 s`, `3 min`, `1 h 20 min`, `2 d 4 h`: at most two units, for tables."""
    if seconds < 60:
        return translate("{n} s", locale, n=seconds)
    if seconds < 3600:
        return translate("{n} min", locale, n=round(seconds / 60))
    if seconds < 86_400:
        hours, minutes = divmod(round(seconds / 60), 60)
        said = translate("{n} h", locale, n=hours)
        return f"{said} {translate('{n} min', locale, n=minutes)}" if minutes and hours < 10 else said
    days, hours = divmod(round(seconds / 3600), 24)
    said = translate("{n} d", locale, n=days)
    return f"{said} {translate('{n} h', locale, n=hours)}" if hours and days < 10 else said


def format_number(value: float, locale: str) -> str:
    """`1,240` in the language's own way."""
    return format_decimal(value, locale=_BABEL_NAMES[locale])


def format_ago(timestamp: int, locale: str) -> str:
    """`5 minutes ago`, for text that the server writes once and nobody keeps fresh."""
    return format_timedelta(timestamp - now(), add_direction=True, locale=Locale.parse(_BABEL_NAMES[locale]))


def format_duration(seconds: int, locale: str) -> str:
    """`34 seconds`, `2 minutes`."""
    return format_timedelta(max(1, seconds), locale=Locale.parse(_BABEL_NAMES[locale]), threshold=1.5)


def format_time(timestamp: int, locale: str, zone: str) -> str:
    """`22 Nov 2026, 13:07` in the installation's time zone, for what is read elsewhere: a mail, a file."""
    return format_datetime(timestamp, "medium", tzinfo=ZoneInfo(zone), locale=_BABEL_NAMES[locale])


def format_day(timestamp: int, locale: str, zone: str, skeleton: str = "MMMd") -> str:
    """`5 Oct`, or what another skeleton asks for."""
    moment = datetime.fromtimestamp(timestamp, ZoneInfo(zone))
    return format_skeleton(skeleton, moment, locale=_BABEL_NAMES[locale])


def format_weekday(timestamp: int, locale: str, zone: str) -> str:
    """`Monday`."""
    return format_datetime(datetime.fromtimestamp(timestamp, ZoneInfo(zone)), "EEEE", locale=_BABEL_NAMES[locale])


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
def script_texts(locale: str, script: str = "") -> dict[str, Forms]:
    """What the page's scripts say, for the dictionary that the page hands them. English needs none: text is the id.

    `script` (as `pages/buyer`) leaves out what this page's modules never say; without it everything is there.
    """
    known = catalogue(locale)
    return {text: known[text] for text in sorted(_texts_in_scripts(script)) if text in known}


@lru_cache
def _texts_in_scripts(script: str) -> frozenset[str]:
    folder = get_settings().frontend_dir / "static" / "js"
    scripts = modules.reachable(folder / f"{script}.js", later=True) if script else folder.rglob("*.js")
    return frozenset(_texts_in(scripts))


def _texts_in(scripts: Iterable[Path]) -> Iterable[str]:
    for script in scripts:
        source = script.read_text(encoding="utf-8")
        for match in (*_SCRIPT_TEXT.finditer(source), *_SCRIPT_PLURAL.finditer(source)):
            yield match.group(1).replace('\\"', '"')
