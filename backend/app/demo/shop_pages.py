"""The demo's rice farm on an origin of its own: it embeds the chat as any shop would, and vouches for customers.

It knows of the product what every shop knows: where its loader is, the shop's id, and an identity key.
"""

import os
import threading
import time

import jwt
import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from app.demo.widget import CUSTOMERS, IDENTITY_KEY, Customer
from app.kernel import clock, html, static_files
from app.kernel.config import Settings
from app.overview import demo_shop

TOKEN_SECONDS = 3600
LOOK_SECONDS = 2.0


def app_for(settings: Settings) -> FastAPI:
    """The shop's pages; the chat comes from `settings.base_url`."""
    shop = FastAPI(openapi_url=None)
    shop.state.settings = settings
    product = settings.base_url.rstrip("/")

    @shop.get("/")
    async def front(request: Request, customer: str = "") -> Response:
        """The shop, for a stranger or for one of its customers."""
        page = html.render(
            request, "overview/demo_shop.html", products=demo_shop.PRODUCTS, shop_id=demo_shop.SHOP_ID,
            product=product, customers=CUSTOMERS, customer=_customer(customer), is_foreign=True,
        )  # fmt: skip
        page.headers["Content-Security-Policy"] = policy(product)
        return page

    @shop.get("/account.js")
    async def account(customer: str = "") -> Response:
        """What a shop's own script says to the widget: who is signed in, or that nobody is any more."""
        known = _customer(customer)
        said = f'parley("identify", {{ token: "{token(known)}" }});' if known else ""
        queue = "window.parley = window.parley || function () { (parley.q = parley.q || []).push(arguments) };\n"
        leave = 'if (new URLSearchParams(location.search).has("out")) parley("logout");\n'
        return Response(queue + leave + said, media_type="text/javascript", headers={"Cache-Control": "no-store"})

    @shop.get("/health")
    async def health() -> Response:
        return JSONResponse({"status": "ok"})

    shop.mount("/static", static_files.app(), name="static")
    return shop


def token(customer: Customer, secret: str = IDENTITY_KEY) -> str:
    """The shop's word for its customer, good for an hour."""
    claims = {"sub": customer.id, "name": customer.name, "email": customer.email, "exp": clock.now() + TOKEN_SECONDS}
    return jwt.encode(claims, secret, algorithm="HS256")


def policy(product: str) -> str:
    """A strict policy of the shop's own, with what the widget needs: docs/widget.md."""
    return "; ".join(
        [
            "default-src 'none'", f"script-src 'self' {product}", "style-src 'self'", "img-src 'self' data:",
            f"connect-src {product}", f"frame-src {product}", "base-uri 'none'", "form-action 'none'",
        ]
    )  # fmt: skip


def run(settings: Settings, host: str, port: int, beside: int = 0) -> None:
    """Serve until a signal ends it, or until the process `beside` is gone."""
    if beside:
        threading.Thread(target=_watch, args=(beside,), daemon=True).start()
    uvicorn.run(app_for(settings), host=host, port=port, log_level="warning", server_header=False)


def _watch(process: int) -> None:
    while True:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            os._exit(0)
        time.sleep(LOOK_SECONDS)


def _customer(customer_id: str) -> Customer | None:
    return next((one for one in CUSTOMERS if one.id == customer_id), None)
