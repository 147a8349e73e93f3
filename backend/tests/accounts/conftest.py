"""People of these tests, beside those of every test."""

import pytest

from tests.people import Person


@pytest.fixture
async def an_agent(an_the_agent: Person) -> Person:
    """The agent of the rice shop, m2."""
    return an_the_agent
