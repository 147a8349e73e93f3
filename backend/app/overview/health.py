"""Whether this process can serve, for load balancers and people; and its metrics."""

from ipaddress import ip_address
from typing import Literal

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from app import VERSION
from app.chat.api import TheDesk
from app.jobs import metrics as job_metrics
from app.kernel import ids
from app.kernel.errors import NotFound
from app.kernel.limits import address_of

router = APIRouter()
root = APIRouter()


class Health(BaseModel):
    """`database` must be up to serve; without the broker only the other instances' news is late."""

    status: Literal["ok", "unavailable"]
    version: str
    database: Literal["up", "down"]
    broker: Literal["up", "down"]


@router.get(
    "/health", tags=["health"], summary="Health", responses={503: {"model": Health, "description": "Cannot serve."}}
)
async def health(response: Response, desk: TheDesk) -> Health:
    """Anyone. 200 when this process can serve, 503 when it cannot."""
    is_up = ids.generator().is_healthy
    try:
        await desk.db.ping()
    except (SQLAlchemyError, OSError):
        is_up = False
    response.status_code = 200 if is_up else 503
    return Health(
        status="ok" if is_up else "unavailable",
        version=VERSION,
        database="up" if is_up else "down",
        broker="up" if desk.broker.is_healthy else "down",
    )


root.add_api_route("/health", health, methods=["GET"])


@root.get("/metrics")
async def metrics(request: Request, desk: TheDesk) -> Response:
    """For Prometheus, from a private network only: strangers need not know how busy a shop is."""
    try:
        is_neighbour = ip_address(address_of(request)).is_private
    except ValueError:  # what a proxy said need not be an address
        is_neighbour = False
    if not is_neighbour:
        raise NotFound()
    await job_metrics.look(desk.db)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
