"""Which column of a table is what: headings in English and Chinese, as people write them."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from app.kernel.i18n import sentence

QUICK_REPLY = {
    "title": ("title", "name", "标题", "名称", "主题"),
    "content": ("content", "text", "reply", "message", "内容", "回复", "正文", "文本", "回复内容"),
    "is_shared": ("shared", "is shared", "team", "for the team", "共享", "是否共享", "团队", "团队共享"),
    "folder": ("folder", "category", "group", "文件夹", "分类", "分组", "目录"),
}
CONTACT = {
    "name": ("name", "full name", "contact", "姓名", "名字", "联系人", "名称"),
    "email": ("email", "e-mail", "mail", "email address", "邮箱", "电子邮箱", "电子邮件", "邮件", "邮箱地址"),
    "phone": (
        "phone", "phone number", "mobile", "tel", "telephone", "电话", "手机", "手机号", "手机号码",
        "电话号码", "联系电话",
    ),
    "company": ("company", "organization", "organisation", "公司", "单位", "企业", "公司名称"),
    "note": ("note", "notes", "remark", "remarks", "comment", "备注", "说明", "注释"),
}  # fmt: skip
NAMES = {
    "title": sentence("Title"),
    "content": sentence("Text"),
    "is_shared": sentence("Shared with the team"),
    "folder": sentence("Folder"),
    "name": sentence("Name"),
    "email": sentence("E-mail"),
    "phone": sentence("Phone"),
    "company": sentence("Company"),
    "note": sentence("Note"),
}
"""What a field is called on pages and in templates to download."""

Fields = Mapping[str, Sequence[str]]


def recognised(headings: Sequence[str], fields: Fields) -> list[str | None]:
    """For each column the field that it holds; None for one that is left out, and for the second of a field."""
    known = {_plain(spelling): field for field, spellings in fields.items() for spelling in spellings}
    found: list[str | None] = []
    for heading in headings:
        field = known.get(_plain(heading))
        found.append(None if field in found else field)
    return found


def fitness(headings: Sequence[str], fields: Fields) -> int:
    """How many columns are known."""
    return sum(1 for field in recognised(headings, fields) if field)


def _plain(heading: str) -> str:
    """Without case, width, spaces and punctuation: `E-Mail:` is `email`, `Ｐhone` is `phone`."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", heading).casefold())
