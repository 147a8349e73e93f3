"""SMS over Aliyun's Dysmsapi `SendSms` (2017-05-25), signed as ACS3-HMAC-SHA256.

An own client, because the vendor's loads 55 MB for one signed call. Failures of the trade come as HTTP 200 with another
`Code` than `OK`. There is no idempotency: `OutId` is only echoed in receipts, so that two SMS of one job can be told.
"""

import hashlib
import hmac
import json
import ssl
import uuid
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import quote, urlsplit

import httpx2
from loguru import logger

from app.jobs.kinds import GiveUp, Retry
from app.kernel import clock
from app.kernel.config import Settings
from app.messengers.sms import TEMPLATES, Sms

ALGORITHM = "ACS3-HMAC-SHA256"
NOTHING = hashlib.sha256(b"").hexdigest()
TIMEOUT_SECONDS = 15.0
MINUTE, HOUR, DAY = 60.0, 3600.0, 21_600.0
# What may pass: flow control, an empty account that somebody fills up, the service's own troubles.
PASSING = (
    "isv.BUSINESS_LIMIT_CONTROL",
    "isv.DAY_LIMIT_CONTROL",
    "isv.MONTH_LIMIT_CONTROL",
    "isv.OUT_OF_SERVICE",
    "isv.AMOUNT_NOT_ENOUGH",
    "isp.SYSTEM_ERROR",
    "isp.GATEWAY_ERROR",
    "Throttling",
    "ServiceUnavailable",
    "InternalError",
)
WRONG_NUMBER = ("isv.MOBILE_NUMBER_ILLEGAL", "isv.DOMESTIC_NUMBER_NOT_SUPPORTED")


class AliyunSms:
    """Sends with one signature and one registered template for each of ours."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._codes = {"verification-code": settings.aliyun_sms_template_code}

    async def deliver(self, message: Sms, key: str) -> str:
        """Ask for one SMS; answers its `BizId`. A lost answer is asked for again, and the phone may ring twice."""
        params = {name: message.params[name] for name in TEMPLATES[message.template].params}
        query = {
            "PhoneNumbers": _number(message.to),
            "SignName": self._settings.aliyun_sms_sign_name,
            "TemplateCode": self._codes[message.template],
            "TemplateParam": json.dumps(params, ensure_ascii=False),
            "OutId": key,
        }
        try:
            status, answer = await self._call("SendSms", "2017-05-25", query)
        except (httpx2.HTTPError, ValueError) as error:
            raise Retry(f"{type(error).__name__}: {error}") from error
        code, said = str(answer.get("Code", "")), str(answer.get("Message", ""))
        if status == 200 and code == "OK":
            return str(answer.get("BizId", ""))
        logger.warning("sms: {} {} {}", status, code, said)
        raise _judged(status, code, said)

    async def _call(self, action: str, version: str, query: dict[str, str]) -> tuple[int, dict[str, object]]:
        endpoint = self._settings.aliyun_sms_endpoint.rstrip("/")
        headers = {
            "host": urlsplit(endpoint).netloc,
            "x-acs-action": action,
            "x-acs-version": version,
            "x-acs-date": datetime.fromtimestamp(clock.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": uuid.uuid4().hex,
            "x-acs-content-sha256": NOTHING,
        }
        canonical = _canonical(query)
        headers["authorization"] = authorization(
            self._settings.ali_access_key_id, self._settings.ali_access_key_secret, headers, canonical
        )
        async with httpx2.AsyncClient(timeout=TIMEOUT_SECONDS, verify=_certificates()) as client:
            response = await client.post(f"{endpoint}/?{canonical}", headers=headers)
        answer = response.json()
        if not isinstance(answer, dict):
            raise ValueError("the answer is no object")
        return response.status_code, answer


def authorization(key_id: str, secret: str, headers: dict[str, str], canonical_query: str) -> str:
    """The `Authorization` of a POST without a body. `headers` in lower case; all of them are signed."""
    names = sorted(headers)
    listed = ";".join(names)
    head = "".join(f"{name}:{headers[name].strip()}\n" for name in names)
    request = "\n".join(["POST", "/", canonical_query, head, listed, headers["x-acs-content-sha256"]])
    to_sign = f"{ALGORITHM}\n{hashlib.sha256(request.encode()).hexdigest()}"
    signature = hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    return f"{ALGORITHM} Credential={key_id},SignedHeaders={listed},Signature={signature}"


def _canonical(query: dict[str, str]) -> str:
    """RFC 3986: everything but letters, digits and `-_.~` is escaped, a space as %20."""
    return "&".join(f"{quote(name, safe='~')}={quote(query[name], safe='~')}" for name in sorted(query))


def _number(e164: str) -> str:
    """Domestic numbers stand alone, others begin with their country's code, and nobody wants the plus."""
    return e164.removeprefix("+86") if e164.startswith("+86") else e164.removeprefix("+")


def _judged(status: int, code: str, said: str) -> Exception:
    if code.startswith(PASSING) or status >= 500:
        # 触发分钟级流控, 小时级 or 天级: asking sooner would only count against the number.
        waits = {"分钟": MINUTE, "小时": HOUR, "天": DAY}
        after = next((seconds for word, seconds in waits.items() if word in said), None)
        return Retry(f"{code} {said}", after if code.startswith("isv.BUSINESS_LIMIT") else None)
    if code in WRONG_NUMBER:
        return GiveUp("bad_phone", "The carrier knows no such phone number.")
    return GiveUp("sms_refused", "The carrier refused: {said}", said=f"{code} {said}")


@lru_cache
def _certificates() -> ssl.SSLContext:
    return ssl.create_default_context()  # reads hundreds of certificates: once
