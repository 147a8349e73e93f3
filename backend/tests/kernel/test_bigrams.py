"""Index words: what is written is found by any part of it that a reader would type."""

from hypothesis import given, settings
from hypothesis import strategies as st

from app.kernel.bigrams import MAX_TERMS, MAX_WORD, normalized, query_terms, tokens


def matches(text: str, query: str) -> bool:
    """What the databases do with the words."""
    index = tokens(text)
    return all(
        any(word.startswith(term) if is_prefix else word == term for word in index)
        for term, is_prefix in query_terms(query)
    )


def test_chinese_is_cut_into_pairs_and_the_last_character() -> None:
    assert tokens("大米还") == ["u5927u7c73", "u7c73u8fd8", "u8fd8"]
    assert query_terms("大米") == [("u5927u7c73", False)]
    assert query_terms("米") == [("u7c73", True)]


def test_words_are_found_by_their_beginning_in_any_case_and_width() -> None:
    assert matches("Organic RICE ＡＢＣ１２３", "rice abc1")
    assert matches("Straße", "STRASSE")
    assert not matches("rice", "ice")
    assert tokens("a ab abc") == ["a00", "ab0", "abc"]
    assert matches("a ab abc", "a")


def test_scripts_that_touch_are_cut_apart() -> None:
    assert matches("买5kg大米", "5kg")
    assert matches("买5kg大米", "大米")
    assert matches("订单A12号", "a12")


def test_each_word_stands_once_and_none_is_endless() -> None:
    assert tokens("rice rice RICE") == ["rice"]
    assert max(map(len, tokens("x" * 500))) == MAX_WORD
    assert matches("x" * 500, "x" * 500)
    assert len(query_terms(" ".join(f"w{number}" for number in range(50)))) == MAX_TERMS


def test_signs_are_no_words() -> None:
    for text in ("", " ", "!?%_*'\"\\", "🌾👍🏾", "__"):
        assert tokens(text) == query_terms(text) == []


@settings(max_examples=50)
@given(st.text(max_size=60))
def test_no_index_word_has_a_character_that_a_query_language_knows(text: str) -> None:
    for word in tokens(text):
        assert word.isalnum()
        assert word == word.casefold() or not word.isascii()
    for term, _ in query_terms(text):
        assert term.isalnum()


HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1, max_size=30)


@given(HAN, st.data())
def test_every_part_of_a_chinese_text_finds_it(text: str, data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(begin + 1, len(text)))
    assert matches(text, text[begin:end])


@given(st.text(max_size=200))
def test_normalizing_twice_changes_nothing_more(text: str) -> None:
    assert normalized(normalized(text)) == normalized(text) or normalized(text) != text
