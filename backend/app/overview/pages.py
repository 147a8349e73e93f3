"""The front door: what this is, and where each visitor goes; and the demo shop that shows the chat in its place."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from app.accounts.viewers import home_of
from app.kernel.config import settings_of
from app.kernel.errors import NotFound
from app.kernel.html import render
from app.kernel.identity import MaybeMe, Role
from app.overview import demo_shop

router = APIRouter()


@router.get("/")
async def landing(request: Request, me: MaybeMe) -> Response:
    """A short word about the product; who is signed in goes to work."""
    if me is not None and me.role is not Role.BUYER:
        return RedirectResponse(home_of(me.role), 303)
    return render(request, "overview/landing.html")


@router.get("/demo")
async def demo_page(request: Request, _: MaybeMe) -> Response:
    """A rice farm's shop page with the chat on it, in demo mode only."""
    if not settings_of(request).demo:
        raise NotFound()
    return render(
        request,
        "overview/demo_shop.html",
        products=demo_shop.PRODUCTS,
        shop_id=demo_shop.SHOP_ID,
        product="",
        is_foreign=False,
    )
