"""Bytes that only look like an image. Pillow's readers raise what they like: the sender hears 415 all the same."""

import io
import random
from contextlib import suppress

import pytest
from PIL import Image

from app.files import images
from app.kernel.errors import AppError

FRAMES = [Image.new("RGB", (2, 2), (number * 37 % 256, number * 91 % 256, number)) for number in range(250)]


def animated(form: str, **options: object) -> bytes:
    output = io.BytesIO()
    FRAMES[0].save(output, form, save_all=True, append_images=FRAMES[1:], **options)
    return output.getvalue()


def test_frames_that_last_for_weeks_are_a_broken_image() -> None:
    content = bytearray(animated("WEBP", duration=1000))
    at = -1
    while (at := content.find(b"ANMF", at + 1)) >= 0:
        content[at + 20 : at + 23] = b"\xff\xff\xff"  # 24 bits of milliseconds: 250 of them pass 2^31
    with pytest.raises(AppError) as refusal:
        images.redraw(bytes(content))
    assert refusal.value.status == 415


@pytest.mark.parametrize("error", [IndexError, RuntimeError, OverflowError, TypeError, KeyError, ZeroDivisionError])
def test_whatever_a_reader_raises_is_a_415(error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise error("inside of Pillow")

    monkeypatch.setattr(images, "_still", broken)
    output = io.BytesIO()
    FRAMES[0].save(output, "PNG")
    with pytest.raises(AppError) as refusal:
        images.redraw(output.getvalue())
    assert refusal.value.status == 415


def test_damaged_images_are_drawn_or_refused() -> None:
    dice = random.Random(3)
    originals = [animated("GIF", duration=20)[:3000], animated("PNG", duration=20)[:3000]]
    for _ in range(200):
        damaged = bytearray(dice.choice(originals))
        for _ in range(dice.randint(1, 6)):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        with suppress(AppError):
            images.redraw(bytes(damaged))
