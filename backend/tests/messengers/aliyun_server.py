"""Aliyun's SendSms on loopback, as strict as its document: who signs wrong, late or twice, or names an unknown field,

is refused with the codes that the service has. Written from the document, not from our client.
"""

import asyncio
import hmac
import json
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

KEY_ID, SECRET, SIGN_NAME, TEMPLATE = "LTAI-test", "a secret of the twin", "五常大米", "SMS_154950909"
FIELDS = {"PhoneNumbers", "SignName", "TemplateCode", "TemplateParam", "SmsUpExtendCode", "OutId"}
MUST_BE_SIGNED = {
    "host",
    "x-acs-action",
    "x-acs-version",
    "x-acs-date",
    "x-acs-signature-nonce",
    "x-acs-content-sha256",
}
CLOCK_SECONDS = 900


class AliyunServer:
    """`answers`: the next ones, a `Code` with its message or an HTTP status with a body; without any, rules decide."""

    def __init__(self) -> None:
        self.answers: list[tuple[str, str] | tuple[int, str]] = []
        self.sent: list[dict[str, str]] = []
        self.nonces: set[str] = set()
        self.url = ""

    async def answer(self, request: Request) -> Response:
        """One call."""
        if problem := self._judge(request, await request.body()):
            return self._error(*problem)
        query = dict(parse_qsl(request.url.query, strict_parsing=True, encoding="utf-8"))
        if self.answers:
            code, said = self.answers.pop(0)
            if isinstance(code, int):
                return PlainTextResponse(said, code)
            return JSONResponse({"Code": code, "Message": said, "RequestId": "R"})
        if code := self._refusal(query):
            return JSONResponse({"Code": code, "Message": "refused", "RequestId": "R"})
        self.sent.append(query)
        return JSONResponse(
            {"Code": "OK", "Message": "OK", "BizId": f"900619746936498440^{len(self.sent)}", "RequestId": "R"}
        )

    def _judge(self, request: Request, body: bytes) -> tuple[int, str] | None:
        """What is wrong with the envelope: a status and a code."""
        headers = request.headers
        found = re.fullmatch(
            r"ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{64})",
            headers.get("authorization", ""),
        )
        if found is None:
            return 400, "IncompleteSignature"
        key_id, listed, signature = found.groups()
        names = listed.split(";")
        present = {name for name in headers if name.startswith("x-acs-")} | {"host"}
        if names != sorted(names) or not (MUST_BE_SIGNED | present) <= set(names):
            return 400, "IncompleteSignature"
        if key_id != KEY_ID:
            return 404, "InvalidAccessKeyId.NotFound"
        if headers["x-acs-content-sha256"] != sha256(body).hexdigest():
            return 400, "SignatureDoesNotMatch"
        pairs = [pair.split("=", 1) for pair in request.url.query.split("&")]
        if pairs != sorted(pairs) or any(
            quote(unquote(part, errors="strict"), safe="-_.~") != part for pair in pairs for part in pair
        ):
            return 400, "SignatureDoesNotMatch"
        canonical = "POST\n/\n" + request.url.query + "\n"
        for name in names:
            canonical += f"{name}:{headers[name].strip()}\n"
        canonical += f"\n{listed}\n{headers['x-acs-content-sha256']}"
        expected = hmac.digest(
            SECRET.encode(), b"ACS3-HMAC-SHA256\n" + sha256(canonical.encode()).hexdigest().encode(), "sha256"
        ).hex()
        if not hmac.compare_digest(expected, signature):
            return 400, "SignatureDoesNotMatch"
        at = datetime.strptime(headers["x-acs-date"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        if abs((datetime.now(UTC) - at).total_seconds()) > CLOCK_SECONDS:
            return 400, "InvalidTimeStamp.Expired"
        if headers["x-acs-signature-nonce"] in self.nonces:
            return 400, "SignatureNonceUsed"
        self.nonces.add(headers["x-acs-signature-nonce"])
        if (headers["x-acs-action"], headers["x-acs-version"]) != ("SendSms", "2017-05-25") or body:
            return 404, "InvalidAction.NotFound"
        if set(dict(pairs)) - FIELDS:
            return 400, "InvalidParameter"
        return None

    def _refusal(self, query: dict[str, str]) -> str:
        if not re.fullmatch(r"1[3-9]\d{9}", query["PhoneNumbers"]):
            return "isv.MOBILE_NUMBER_ILLEGAL"
        if query["SignName"] != SIGN_NAME:
            return "isv.SMS_SIGNATURE_ILLEGAL"
        if query["TemplateCode"] != TEMPLATE:
            return "isv.SMS_TEMPLATE_ILLEGAL"
        if set(json.loads(query["TemplateParam"])) != {"code"}:
            return "isv.TEMPLATE_MISSING_PARAMETERS"
        return ""

    def _error(self, status: int, code: str) -> Response:
        said: dict[str, Any] = {"Code": code, "Message": code, "RequestId": "R", "HostId": "h", "Recommend": "r"}
        return JSONResponse(said, status)


@asynccontextmanager
async def aliyun_server() -> AsyncIterator[AliyunServer]:
    """One that listens."""
    twin = AliyunServer()
    app = Starlette(routes=[Route("/", twin.answer, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
    listening = socket.create_server(("127.0.0.1", 0))
    task = asyncio.create_task(server._serve([listening]))
    while not server.started:
        await asyncio.sleep(0.005)
    twin.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    yield twin
    server.should_exit = True
    await task
    listening.close()
