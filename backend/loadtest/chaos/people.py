"""The people of a run, made through the API as an integrator would."""

import asyncio
from dataclasses import dataclass
from typing import Any

from loadtest.asking import ask

PASSWORD = "rice-and-tea-for-all"
AT_ONCE = 8


@dataclass(frozen=True)
class Person:
    """Somebody who signed in."""

    user_id: str
    token: str


@dataclass(frozen=True)
class Talk:
    """A conversation, its buyer and its shop's owner."""

    conversation_id: int
    buyer: Person
    merchant: Person


@dataclass(frozen=True)
class Cast:
    """Everybody. `agents` works for the shop of the merchant with that user id."""

    admin: Person
    agents: dict[str, Person]
    talks: list[Talk]

    @property
    def merchants(self) -> list[Person]:
        """Every merchant once."""
        return list({talk.merchant.user_id: talk.merchant for talk in self.talks}.values())


async def make(port: int, pairs: int, seed: int) -> Cast:
    """`pairs` buyers, half as many shops with an owner and an agent each, one conversation for each buyer."""
    admin = await _sign_in(port, {"username": "admin", "password": PASSWORD})
    gate = asyncio.Semaphore(AT_ONCE)

    async def shop(number: int) -> tuple[Person, Person]:
        async with gate:
            owner_id = f"m{number}"
            owner = await _registered(port, admin, {"id": owner_id, "username": f"owner{number}"})
            return owner, await _registered(port, admin, {"merchant_id": owner_id, "username": f"agent{number}"})

    async def talk(number: int, merchant: Person) -> Talk:
        async with gate:
            buyer = await _sign_in(port, {"device_id": f"chaos-{seed}-device-{number}"})
            started = await _post(port, "/conversations/", buyer.token, {"merchant_id": merchant.user_id})
            return Talk(int(started["id"]), buyer, merchant)

    shops = await asyncio.gather(*(shop(number) for number in range(1, max(1, pairs // 2) + 1)))
    talks = await asyncio.gather(*(talk(number, shops[number % len(shops)][0]) for number in range(pairs)))
    return Cast(admin, {owner.user_id: agent for owner, agent in shops}, list(talks))


async def _registered(port: int, admin: Person, account: dict[str, str]) -> Person:
    await _post(port, "/users/", admin.token, account | {"password": PASSWORD, "role": "merchant"})
    return await _sign_in(port, {"username": account["username"], "password": PASSWORD})


async def _sign_in(port: int, proof: dict[str, str]) -> Person:
    said = await _post(port, "/auth/login", "", proof)
    return Person(said["user"]["id"], said["access_token"])


async def _post(port: int, path: str, token: str, body: dict[str, str]) -> dict[str, Any]:
    answer = await ask(port, "POST", path, token, body)
    if not answer.is_success:
        raise RuntimeError(f"POST {path}: {answer}")
    found: dict[str, Any] = answer.body
    return found
