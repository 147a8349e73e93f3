"""How a page can look: how wide the window is, light or dark, in which language."""

from dataclasses import dataclass
from itertools import product

HEIGHTS = {1440: 900, 1024: 768, 390: 844}  # by width, in CSS pixels
THEMES = ("light", "dark")
LOCALES = ("en", "zh-CN")


@dataclass(frozen=True)
class Look:
    """One combination."""

    width: int
    theme: str
    locale: str

    @property
    def name(self) -> str:
        """As it stands in a file's name."""
        return f"{self.width}-{self.theme}-{self.locale}"

    @property
    def is_phone(self) -> bool:
        """With fingers instead of a pointer."""
        return self.width < 768


def looks(widths: list[int], themes: list[str], locales: list[str]) -> list[Look]:
    """All combinations of what is wanted."""
    return [Look(*one) for one in product(widths, themes, locales)]
