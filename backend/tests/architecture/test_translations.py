"""Every sentence that a person can meet exists in Chinese, with the same placeholders."""

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[3]
METHODS = [
    ("**/vendor/**", "ignore"),
    ("**/tests/**", "ignore"),
    ("**.html", "jinja2"),
    ("**/mail/**.txt", "jinja2"),
    ("**/js/**.js", "javascript"),
    ("**.py", "python"),
]
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "t": None,
    "tn": (1, 2),
    "translate": None,
    "AppError": (3,),
    **dict.fromkeys(
        ("Invalid", "invalid", "Unauthorized", "Forbidden", "NotFound", "Conflict", "GiveUp", "progress"), (2,)
    ),
    "sentence": None,
}


@pytest.fixture(scope="module")
def chinese() -> dict[str, str]:
    with (ROOT / "frontend/locale/zh_Hans/LC_MESSAGES/parley.po").open("rb") as file:
        return {one_of(message.id): one_of(message.string) for message in read_po(file, locale="zh_Hans_CN")}


def one_of(text: str | tuple[str, ...] | list[str] | None) -> str:
    return text if isinstance(text, str) else text[0] if text else ""


def sentences() -> set[str]:
    found = set()
    for folder in ("frontend", "backend/app"):
        options = {"**.html": {"extensions": ""}, "**/mail/**.txt": {"extensions": ""}}
        for _, _, text, _, _ in extract_from_dir(ROOT / folder, METHODS, options, keywords=KEYWORDS):
            found.add(one_of(text))
    return found


def test_every_sentence_has_its_chinese(chinese: dict[str, str]) -> None:
    assert {text for text in sentences() if not chinese.get(text)} == set()


def test_placeholders_survive_translation(chinese: dict[str, str]) -> None:
    names = re.compile(r"\{(\w+)\}")
    plural_only = {"n"}
    strange = {
        text: translated
        for text, translated in chinese.items()
        if text and set(names.findall(translated)) - plural_only != set(names.findall(text)) - plural_only
    }
    assert strange == {}
