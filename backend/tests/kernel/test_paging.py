"""Cursors: ours come back whole, everything else is a 400."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.errors import Invalid
from app.kernel.paging import Page, decode_cursor, encode_cursor

NUMBERS = st.integers(min_value=0, max_value=2**63 - 1)


@given(st.lists(NUMBERS, min_size=1, max_size=4))
def test_a_cursor_comes_back_whole(position: list[int]) -> None:
    cursor = encode_cursor(*position)
    assert decode_cursor(cursor, len(position)) == position
    assert cursor.replace("-", "").replace("_", "").isalnum()


def decoded(cursor: str) -> list[int] | Invalid:
    try:
        return decode_cursor(cursor, 2)
    except Invalid as error:
        return error


@given(st.text(max_size=100) | st.binary(max_size=60).map(lambda data: base64.urlsafe_b64encode(data).decode()))
def test_anything_else_is_refused_and_never_a_fault(cursor: str) -> None:
    outcome = decoded(cursor)
    if isinstance(outcome, Invalid):
        assert (outcome.status, outcome.code) == (400, "bad_cursor")
    else:
        assert len(outcome) == 2
        assert all(type(number) is int and 0 <= number < 2**63 for number in outcome)


OTHER_SHAPES = ["[1]", "[1,2,3]", "[1,-2]", "[1,true]", "[1,2.0]", '[1,"2"]', f"[1,{2**63}]", "{}", "1", ""]


@pytest.mark.parametrize("text", OTHER_SHAPES)
def test_a_cursor_of_another_shape_is_refused(text: str) -> None:
    assert isinstance(decoded(base64.urlsafe_b64encode(text.encode()).decode()), Invalid)


def test_a_page_knows_what_stands_before_it() -> None:
    assert [Page(page=page, page_size=20).offset for page in (1, 2, 5)] == [0, 20, 80]
