"""Colours that a shop chooses, made readable: WCAG contrast, and the nearest shade that has enough of it."""

import re

WHITE, INK = "#ffffff", "#16201c"
LIGHT_PAPER, DARK_PAPER = "#fdfcfa", "#14191a"
ENOUGH = 4.5  # to 1, for text of any size (WCAG 2.2, 1.4.3)
STEPS = 40
HEX = re.compile(r"#[0-9a-f]{6}")


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb`, as WCAG defines it."""
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """From 1 to 21."""
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def readable_on(colour: str) -> str:
    """Black or white, whichever is read better on `colour`: one of the two always reaches 4.5."""
    return WHITE if contrast(WHITE, colour) >= ENOUGH else max((WHITE, "#000000"), key=lambda c: contrast(c, colour))


def as_text_on(colour: str, paper: str) -> str:
    """`colour`, mixed with black or white until it can be read on `paper`."""
    towards = "#000000" if luminance(paper) > 0.5 else WHITE
    for step in range(STEPS + 1):
        shade = mixed(colour, towards, step / STEPS)
        if contrast(shade, paper) >= ENOUGH:
            return shade
    return towards


def _linear(share: float) -> float:
    if share <= 0.04045:
        return share / 12.92
    return float(((share + 0.055) / 1.055) ** 2.4)


def mixed(one: str, other: str, share: float) -> str:
    """`one` with a share of `other`, 0 to 1."""
    parts = []
    for at in (1, 3, 5):
        a, b = int(one[at : at + 2], 16), int(other[at : at + 2], 16)
        parts.append(f"{round(a + (b - a) * share):02x}")
    return "#" + "".join(parts)
