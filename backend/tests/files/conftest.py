"""People and pictures of these tests."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from tests.people import Person

Picture = Callable[..., bytes]


@pytest.fixture
def lin(lin_the_buyer: Person) -> dict[str, str]:
    """The headers of a buyer, b1."""
    return lin_the_buyer.headers


@pytest.fixture
def chen(chen_the_merchant: Person) -> dict[str, str]:
    """The headers of a merchant, m1."""
    return chen_the_merchant.headers


@pytest.fixture
def picture() -> Picture:
    """Bytes of an image: `picture("PNG", (10, 20), colour="red")`; more options go to Pillow's `save`."""

    def make(form: str = "PNG", size: tuple[int, int] = (640, 480), colour: str = "#4f9a80", **options: Any) -> bytes:
        output = io.BytesIO()
        Image.new("RGB", size, colour).save(output, form, **options)
        return output.getvalue()

    return make
