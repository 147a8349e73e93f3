"""Search: Chinese from one character on, words by their beginnings, in one's own conversations only."""

from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from tests.chat.talking import API, change, refusal, sent, start
from tests.people import Person

MESSAGES = [
    "你好，大米还有吗？",
    "五常稻花香，今年新米",
    "Is the organic rice in stock? Order ＮＯ．４２",
    "Ölsardinen und café",
    "訂單編號 A1234-Ｘ９",
    "🌾🌾 rice farm",
    "what is this about",
    "can't find <b>it</b> 100%",
    "要买5kg大虾2箱",
]


@pytest.fixture
async def written(client: AsyncClient, app: FastAPI, talk: str, lin_the_buyer: Person) -> str:
    """A conversation with something to find, indexed."""
    for text in MESSAGES:
        await sent(client, lin_the_buyer, talk, text)
    await app.state.desk.indexer.catch_up()
    return talk


async def found(client: AsyncClient, who: Person, q: str, **query: Any) -> list[str]:
    answer = await client.get(f"{API}/search/", params={"q": q, **query}, headers=who.headers)
    assert answer.status_code == 200, answer.text
    return [hit["message"]["content"] for hit in answer.json()["results"]]


FINDS: list[tuple[str, list[int]]] = [
    ("大米", [0]),
    ("米", [1, 0]),
    ("还有吗", [0]),
    ("新米 今年", [1]),
    ("大米还有", [0]),
    ("米大", []),
    ("rice", [5, 2]),
    ("RICE", [5, 2]),
    ("ri", [5, 2]),
    ("rice farm", [5]),
    ("farm rice", [5]),
    ("ice", []),
    ("no 42", [2]),
    ("ＮＯ", [2]),
    ("organic stock", [2]),
    ("ölsard", [3]),
    ("ÖLSARDINEN", [3]),
    ("café", [3]),
    ("a1234", [4]),
    ("x9", [4]),
    ("訂單", [4]),
    ("what about", [6]),
    ("this", [6]),
    ("is", [6, 2]),
    ("100%", [7]),
    ("<b>it</b>", [7]),
    ("大米 rice", []),
    ("大虾", [8]),
    ("5kg", [8]),
]


async def test_words_are_found(client: AsyncClient, written: str, lin_the_buyer: Person) -> None:
    for q, places in FINDS:
        assert await found(client, lin_the_buyer, q) == [MESSAGES[place] for place in places], q


async def test_each_finds_in_ones_own_conversations_only(
    client: AsyncClient,
    app: FastAPI,
    written: str,
    lin_the_buyer: Person,
    maria_the_buyer: Person,
    chen_the_merchant: Person,
    an_the_agent: Person,
    honey_the_merchant: Person,
    an_admin: Person,
) -> None:
    elsewhere = await start(client, maria_the_buyer, "m7")
    await sent(client, maria_the_buyer, elsewhere, "大米 for Maria")
    await app.state.desk.indexer.catch_up()
    hers, his = "大米 for Maria", MESSAGES[0]
    assert await found(client, lin_the_buyer, "大米") == [his]
    assert await found(client, maria_the_buyer, "大米") == [hers]
    assert await found(client, chen_the_merchant, "大米") == [his]
    assert await found(client, an_the_agent, "大米") == [his]
    assert await found(client, honey_the_merchant, "大米") == [hers]
    assert await found(client, an_admin, "大米") == [hers, his]
    assert await found(client, lin_the_buyer, "大米", conversation_id=elsewhere) == []
    assert await found(client, an_admin, "大米", conversation_id=written) == [his]


async def test_a_hit_says_where_it_stands_and_shows_the_words(
    client: AsyncClient, app: FastAPI, talk: str, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    await sent(client, lin_the_buyer, talk, "长长的开头。" * 40 + "这里有 <大米> 哦" + "还有很长的结尾。" * 40)
    await change(client, chen_the_merchant, talk, labels=["VIP"])
    await app.state.desk.indexer.catch_up()
    answer = await client.get(f"{API}/search/", params={"q": "大米"}, headers=lin_the_buyer.headers)
    body = answer.json()
    assert body["count"] == 1
    [hit] = body["results"]
    assert (hit["message"]["seq"], hit["conversation"]["id"], hit["conversation"]["labels"]) == (1, talk, [])
    assert "<大米>" in hit["snippet"]
    assert len(hit["snippet"]) < 130
    assert hit["snippet"][0] == hit["snippet"][-1] == "…"


async def test_hits_come_in_pages(client: AsyncClient, written: str, lin_the_buyer: Person) -> None:
    both = await found(client, lin_the_buyer, "rice")
    assert await found(client, lin_the_buyer, "rice", page=1, page_size=1) == both[:1]
    assert await found(client, lin_the_buyer, "rice", page=2, page_size=1) == both[1:]
    assert await found(client, lin_the_buyer, "rice", page=3, page_size=1) == []


async def test_nothing_to_search_for_is_said(client: AsyncClient, lin_the_buyer: Person) -> None:
    for q in (" ", "?!", "🌾", "%", "_", "'", '"', "***", "\u3000"):
        answer = await client.get(f"{API}/search/", params={"q": q}, headers=lin_the_buyer.headers)
        assert refusal(answer) == (400, "empty_search"), q


async def test_what_a_database_could_misunderstand_is_only_text(
    client: AsyncClient, written: str, lin_the_buyer: Person
) -> None:
    words = ["a' OR 1=1 --", 'rice" OR "x', "rice* & !x | (", "+rice -farm ~x", "NEAR(a b)", "rice:*", "a\x00b"]
    for q in [*words, "米" * 200, "x" * 200, "a b c d e f g h i j k l m n o p q r s t"]:
        answer = await client.get(f"{API}/search/", params={"q": q}, headers=lin_the_buyer.headers)
        assert answer.status_code == 200, q


async def test_a_query_has_limits(client: AsyncClient, lin_the_buyer: Person) -> None:
    for query in ({}, {"q": ""}, {"q": "x" * 201}, {"q": "x", "conversation_id": "x"}, {"q": "x", "page": 0}):
        answer = await client.get(f"{API}/search/", params=query, headers=lin_the_buyer.headers)
        assert answer.status_code == 422


async def test_the_index_catches_up_with_many_and_misses_none(
    client: AsyncClient, app: FastAPI, talk: str, lin_the_buyer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.chat.indexer.CHUNK", 3)
    monkeypatch.setattr("app.chat.indexer.REST", 0.0)
    for number in range(10):
        await sent(client, lin_the_buyer, talk, f"大米 {number}")
    await app.state.desk.indexer.catch_up()
    assert len(await found(client, lin_the_buyer, "大米")) == 10


async def test_the_end_of_the_longest_message_is_found(
    client: AsyncClient, app: FastAPI, talk: str, lin_the_buyer: Person
) -> None:
    text = "".join(chr(0x4E00 + number) for number in range(9_990)) + "尾巴"
    await sent(client, lin_the_buyer, talk, text)
    await app.state.desk.indexer.catch_up()
    assert await found(client, lin_the_buyer, "尾巴") == [text]
