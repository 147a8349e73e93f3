"""The people of a run, made through the API as an integrator would."""

import asyncio
from dataclasses import dataclass

import httpx2 as httpx

PASSWORD = "rice-and-tea-for-all"
AT_ONCE = 8


@dataclass(frozen=True)
class Person:
    """Somebody who signed in."""

    user_id: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """What every request of this person bears."""
        return {"Authorization": f"Bearer {self.token}"}


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


async def make(url: str, pairs: int, seed: int) -> Cast:
    """`pairs` buyers, half as many shops with an owner and an agent each, one conversation for each buyer."""
    async with httpx.AsyncClient(base_url=f"{url}/api/v1", timeout=60) as client:
        admin = await _sign_in(client, "admin")
        gate = asyncio.Semaphore(AT_ONCE)

        async def shop(number: int) -> tuple[Person, Person]:
            async with gate:
                owner_id = f"m{number}"
                await _post(client, "/users/", admin, {"id": owner_id, **_account(f"owner{number}")})
                await _post(client, "/users/", admin, {"merchant_id": owner_id, **_account(f"agent{number}")})
                return await _sign_in(client, f"owner{number}"), await _sign_in(client, f"agent{number}")

        async def talk(number: int, merchant: Person) -> Talk:
            async with gate:
                answer = await client.post("/auth/login", json={"device_id": f"chaos-{seed}-device-{number}"})
                buyer = _person(answer)
                started = await _post(client, "/conversations/", buyer, {"merchant_id": merchant.user_id})
                return Talk(int(started["id"]), buyer, merchant)

        shops = await asyncio.gather(*(shop(number) for number in range(1, max(1, pairs // 2) + 1)))
        talks = await asyncio.gather(*(talk(number, shops[number % len(shops)][0]) for number in range(pairs)))
        return Cast(admin, {owner.user_id: agent for owner, agent in shops}, list(talks))


def _account(name: str) -> dict[str, str]:
    return {"username": name, "password": PASSWORD, "role": "merchant"}


async def _sign_in(client: httpx.AsyncClient, username: str) -> Person:
    return _person(await client.post("/auth/login", json={"username": username, "password": PASSWORD}))


def _person(answer: httpx.Response) -> Person:
    answer.raise_for_status()
    said = answer.json()
    return Person(said["user"]["id"], said["access_token"])


async def _post(client: httpx.AsyncClient, path: str, who: Person, body: dict[str, str]) -> dict[str, str]:
    answer = await client.post(path, json=body, headers=who.headers)
    if not answer.is_success:
        raise RuntimeError(f"POST {path}: {answer.status_code} {answer.text}")
    found: dict[str, str] = answer.json()
    return found
