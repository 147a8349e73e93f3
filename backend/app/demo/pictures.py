"""The photos that people of the demo send, drawn when it is made: no binary in the repository, nobody's copyright.

No Chinese font can be counted on, so the one character that the farm needs, 米, is drawn stroke by stroke.
"""

import io
import math
from collections.abc import Callable, Sequence
from random import Random

from PIL import Image, ImageDraw, ImageFilter, ImageFont

WIDTH, HEIGHT = 960, 720
SCALE = 2  # drawn larger, then shrunk: that smooths the edges
QUALITY = 92

Point = tuple[float, float]
Draw = ImageDraw.ImageDraw

JADE, JADE_DARK, KRAFT, KRAFT_DARK = "#2f7d5f", "#24614a", "#dcc29a", "#b9986a"
WOOD, WOOD_LINE, BURNT, RIBBON = "#e6c99a", "#d3b27e", "#6b4323", "#b3392f"
RICE, RICE_EDGE, PAPER, INK = "#fbf7ea", "#d9cfb4", "#fdfcf7", "#4a4842"


def jpeg(name: str) -> bytes:
    """The picture of that name."""
    image = PICTURES[name]()
    output = io.BytesIO()
    image.reduce(SCALE).save(output, "JPEG", quality=QUALITY)
    return output.getvalue()


def _rice_bag() -> Image.Image:
    image, draw = _table("#eef1e6", "#c9b48c")
    _shadow(image, (290, 600, 690, 660))
    _bag(draw, [(300, 130), (660, 130), (676, 400), (668, 636), (292, 636), (284, 400)])
    _scattered(draw, (120, 650, 840, 700), 60, "rice bag")
    return image


def _torn_bag() -> Image.Image:
    image, draw = _table("#dfe3e6", "#a98f6b")
    _shadow(image, (230, 600, 720, 670))
    _bag(draw, [(318, 176), (632, 150), (700, 380), (712, 640), (250, 640), (262, 420)])
    slit = [(640, 380), (668, 430), (654, 466), (690, 510), (676, 556), (708, 640), (604, 640), (622, 590), (596, 540)]
    slit += [(634, 500), (616, 458), (646, 424)]
    _polygon(draw, slit, "#6d5536")
    _polygon(draw, [(612, 556), (640, 520), (668, 546), (676, 580), (704, 640), (606, 640)], RICE)
    _heap(draw, (660, 676), 210, 96, "torn bag")
    _scattered(draw, (440, 650, 920, 710), 90, "spilled")
    return image


def _gift_box() -> Image.Image:
    image, draw = _box()
    _ear(draw, (384, 570), 210, 1, BURNT)
    _ear(draw, (576, 570), 210, -1, BURNT)
    _rice_character(draw, (480, 472), 62, BURNT)
    return image


def _gift_box_with_logo() -> Image.Image:
    image, draw = _box()
    _circle(draw, (690, 470), 44, None, BURNT, 5)
    _line(draw, [(664, 486), (690, 444), (716, 486)], BURNT, 6)
    _line(draw, [(676, 468), (704, 468)], BURNT, 6)
    return image


def _gift_box_with_ducks() -> Image.Image:
    image, draw = _box()
    for number, size in enumerate((0.9, 0.9, 0.9, 0.9, 1.25)):  # the last one is the fat one
        _duck(draw, (270 + number * 102, 470 - 9 * (size - 0.9)), 40 * size, BURNT)
    return image


def _certificate() -> Image.Image:
    image, draw = _table("#e9ecef", "#b7a07a")
    _shadow(image, (250, 640, 720, 690))
    _rectangle(draw, (250, 40, 710, 670), PAPER, "#d8d4c6", 2)
    _rectangle(draw, (268, 58, 692, 652), None, JADE, 3)
    _text(draw, (480, 112), "INSPECTION REPORT", 30, INK)
    _text(draw, (480, 152), "DEMO-CMA-20261008", 22, JADE_DARK)
    rows = ("Batch|2026-A03", "Moisture|14.2 %", "Broken grains|2.1 %", "Cadmium|0.03 mg/kg", "Pesticides|not detected")
    for number, row in enumerate(rows):
        y = 216 + number * 56
        label, value = row.split("|")
        _text(draw, (310, y), label, 21, "#7d7a70", "lm")
        _text(draw, (650, y), value, 21, INK, "rm")
        _line(draw, [(310, y + 26), (650, y + 26)], "#e6e2d4", 2)
    _text(draw, (310, 540), "Verdict: pass", 24, JADE_DARK, "lm")
    _circle(draw, (600, 572), 62, None, "#c2473c", 6)
    _star(draw, (600, 572), 26, "#c2473c")
    stamp = Image.new("RGBA", image.size, (0, 0, 0, 0))
    _text(ImageDraw.Draw(stamp), (480, 380), "SAMPLE", 120, (160, 60, 50, 46))
    tilted = stamp.rotate(28, center=(480 * SCALE, 380 * SCALE))
    image.paste(tilted, (0, 0), tilted)
    return image


def _field_sign() -> Image.Image:
    image = _gradient("#bfe0f2", "#f4f6df")
    draw = ImageDraw.Draw(image)
    _polygon(draw, [(0, 330), (220, 262), (470, 318), (700, 250), (960, 320), (960, 400), (0, 400)], "#a9c7a0")
    _rectangle(draw, (0, 372, WIDTH, HEIGHT), "#d9b957")
    chance = Random("field")
    for row in range(9):
        y = 392 + row * 40
        for _ in range(70):
            x, lean, tall = chance.uniform(0, WIDTH), chance.uniform(-14, 14), 26 + row * 6
            shade = chance.choice(("#c9a53f", "#e3c765", "#b8963a", "#cdb257"))
            _line(draw, [(x, y + tall), (x + lean, y)], shade, 3 + row / 3)
    _rectangle(draw, (462, 380, 498, 690), "#8a6238")
    _rectangle(draw, (270, 200, 690, 420), WOOD, "#8a6238", 8)
    for y in range(222, 410, 26):
        _line(draw, [(286, y), (674, y + 3)], WOOD_LINE, 2)
    _rice_character(draw, (480, 288), 58, BURNT)
    _text(draw, (480, 384), "M-17", 30, BURNT)
    return image


PICTURES: dict[str, Callable[[], Image.Image]] = {
    "rice-bag": _rice_bag,
    "torn-bag": _torn_bag,
    "gift-box": _gift_box,
    "gift-box-logo": _gift_box_with_logo,
    "gift-box-ducks": _gift_box_with_ducks,
    "certificate": _certificate,
    "field-sign": _field_sign,
}


def _box() -> tuple[Image.Image, Draw]:
    """A paulownia box with a ribbon around its upper edge, the lid empty below it."""
    image, draw = _table("#f2ece0", "#cfae85")
    _shadow(image, (150, 590, 830, 660))
    _polygon(draw, [(190, 150), (770, 150), (820, 250), (140, 250)], "#efd9b3")
    _rectangle(draw, (140, 250, 820, 620), WOOD, WOOD_LINE, 3)
    chance = Random("grain of the wood")
    for y in range(262, 618, 13):
        start, end = chance.uniform(146, 300), chance.uniform(560, 814)
        _line(draw, [(start, y), ((start + end) / 2, y + chance.uniform(-3, 3)), (end, y)], WOOD_LINE, 2)
    _polygon(draw, [(144, 243), (816, 243), (820, 286), (140, 286)], RIBBON)
    for side in (-1, 1):
        loop = [(480, 262), (480 + side * 96, 196), (480 + side * 118, 236), (480 + side * 92, 268)]
        _polygon(draw, loop, "#c74a3f")
        _polygon(draw, [(480, 262), (480 + side * 70, 340), (480 + side * 40, 350)], "#a5342b")
    _circle(draw, (480, 262), 20, "#9c2f26", None, 0)
    return image, draw


def _bag(draw: Draw, outline: Sequence[Point]) -> None:
    """A vacuum brick with a jade label; the outline's first two points are its top edge."""
    _polygon(draw, outline, KRAFT)
    (left, top), (right, right_top) = outline[0], outline[1]
    _polygon(draw, [(left, top), (right, right_top), (right + 2, right_top + 34), (left - 2, top + 34)], KRAFT_DARK)
    for step in range(5):
        x = left + (right - left) * (step + 0.5) / 5
        _line(draw, [(x, top + 44), (x + 7, top + 470)], "#d2b68b", 2)
    middle = (left + right) / 2
    _rectangle(draw, (middle - 118, top + 110, middle + 118, top + 370), JADE)
    _rectangle(draw, (middle - 106, top + 122, middle + 106, top + 358), None, "#8fc0a8", 2)
    _rice_character(draw, (middle, top + 214), 62, RICE)
    _text(draw, (middle, top + 318), "2026-A03", 28, RICE)


def _rice_character(draw: Draw, centre: Point, size: float, colour: str) -> None:
    """米: two dots, the cross, two sweeping legs."""
    x, y = centre
    width = size * 0.2
    strokes: list[list[Point]] = [
        [(-0.62, -0.78), (-0.3, -0.36)],
        [(0.62, -0.78), (0.3, -0.36)],
        [(-0.95, -0.1), (0.95, -0.1)],
        [(0, -1), (0, 1)],
        [(-0.06, -0.02), (-0.42, 0.46), (-0.9, 0.78)],
        [(0.06, -0.02), (0.42, 0.46), (0.9, 0.78)],
    ]
    for stroke in strokes:
        points = [(x + across * size, y + down * size) for across, down in stroke]
        _line(draw, points, colour, width)
        for point in points:
            _circle(draw, point, width / 2, colour, None, 0)


def _ear(draw: Draw, foot: Point, tall: float, side: int, colour: str) -> None:
    """An ear of rice that bows to `side` (1: to the left, as seen from a box's left half)."""
    stem: list[Point] = [
        (foot[0] - side * 70 * (step / 12) ** 2, foot[1] - tall * math.sin(step / 12 * math.pi / 2))
        for step in range(13)
    ]
    _line(draw, stem, colour, 5)
    for number, (x, y) in enumerate(stem[5:]):
        for lean in (-0.7, 0.7):
            _grain(draw, (x + lean * 16, y - 6), 15 - number * 0.6, lean - side * 0.3, colour)


def _duck(draw: Draw, centre: Point, size: float, colour: str) -> None:
    x, y = centre
    _ellipse(draw, (x - size, y - size * 0.55, x + size, y + size * 0.6), colour)
    _polygon(draw, [(x - size * 0.8, y - size * 0.2), (x - size * 1.35, y - size * 0.6), (x - size * 0.5, y)], colour)
    _circle(draw, (x + size * 0.72, y - size * 0.78), size * 0.42, colour, None, 0)
    beak = [(x + size * 1.02, y - size * 0.9), (x + size * 1.42, y - size * 0.7), (x + size * 1.02, y - size * 0.6)]
    _polygon(draw, beak, colour)
    _circle(draw, (x + size * 0.82, y - size * 0.86), size * 0.08, WOOD, None, 0)


def _scattered(draw: Draw, area: tuple[float, float, float, float], count: int, seed: str) -> None:
    chance = Random(seed)
    for _ in range(count):
        point = (chance.uniform(area[0], area[2]), chance.uniform(area[1], area[3]))
        _grain(draw, point, 8, chance.uniform(0, math.pi), RICE, RICE_EDGE)


def _heap(draw: Draw, foot: Point, wide: float, tall: float, seed: str) -> None:
    chance = Random(seed)
    for _ in range(420):
        across, up = chance.uniform(-1, 1), chance.random()
        point = (foot[0] + across * wide, foot[1] - up * tall * (1 - across * across))
        _grain(draw, point, 8, chance.uniform(0, math.pi), RICE, RICE_EDGE)


def _grain(draw: Draw, at: Point, size: float, angle: float, colour: str, edge: str | None = None) -> None:
    turn, lean = math.cos(angle), math.sin(angle)
    circle = [(math.cos(step * math.pi / 6) * size * 0.42, math.sin(step * math.pi / 6) * size) for step in range(12)]
    outline = [(at[0] + x * turn - y * lean, at[1] + x * lean + y * turn) for x, y in circle]
    _polygon(draw, outline, colour, edge)


def _star(draw: Draw, centre: Point, size: float, colour: str) -> None:
    corners = [(size if step % 2 == 0 else size * 0.4, -math.pi / 2 + step * math.pi / 5) for step in range(10)]
    _polygon(draw, [(centre[0] + r * math.cos(a), centre[1] + r * math.sin(a)) for r, a in corners], colour)


def _table(wall: str, wood: str) -> tuple[Image.Image, Draw]:
    image = _gradient(wall, "#ffffff")
    draw = ImageDraw.Draw(image)
    _rectangle(draw, (0, 560, WIDTH, HEIGHT), wood)
    return image, draw


def _gradient(top: str, bottom: str) -> Image.Image:
    size = (WIDTH * SCALE, HEIGHT * SCALE)
    column = Image.linear_gradient("L").resize((1, size[1]))
    blended = Image.composite(Image.new("RGB", column.size, bottom), Image.new("RGB", column.size, top), column)
    return blended.resize(size, Image.Resampling.NEAREST)


def _shadow(image: Image.Image, box: tuple[float, float, float, float]) -> None:
    small = Image.new("L", (WIDTH // 2, HEIGHT // 2), 0)
    ImageDraw.Draw(small).ellipse([side / 2 for side in box], fill=110)
    mask = small.filter(ImageFilter.GaussianBlur(10)).resize(image.size, Image.Resampling.BILINEAR)
    image.paste("#3a2c1a", (0, 0), mask)


def _text(
    draw: Draw, at: Point, text: str, size: int, colour: str | tuple[int, int, int, int], anchor: str = "mm"
) -> None:
    font = ImageFont.load_default(size * SCALE)
    draw.text((at[0] * SCALE, at[1] * SCALE), text, fill=colour, font=font, anchor=anchor)


def _polygon(draw: Draw, points: Sequence[Point], colour: str, edge: str | None = None) -> None:
    draw.polygon([(x * SCALE, y * SCALE) for x, y in points], fill=colour, outline=edge)


def _line(draw: Draw, points: Sequence[Point], colour: str, width: float) -> None:
    draw.line([(x * SCALE, y * SCALE) for x, y in points], fill=colour, width=round(width * SCALE), joint="curve")


def _rectangle(
    draw: Draw, box: tuple[float, float, float, float], fill: str | None, edge: str | None = None, width: int = 0
) -> None:
    draw.rectangle([side * SCALE for side in box], fill=fill, outline=edge, width=width * SCALE)


def _ellipse(draw: Draw, box: tuple[float, float, float, float], colour: str) -> None:
    draw.ellipse([side * SCALE for side in box], fill=colour)


def _circle(draw: Draw, centre: Point, radius: float, fill: str | None, edge: str | None, width: int) -> None:
    box = (centre[0] - radius, centre[1] - radius, centre[0] + radius, centre[1] + radius)
    draw.ellipse([side * SCALE for side in box], fill=fill, outline=edge, width=width * SCALE)
