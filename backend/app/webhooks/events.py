"""What happens to endpoints."""

from app.kernel.events import Event


class WebhooksChanged(Event):
    """A shop's endpoints are not what they were; every process learns it within seconds, this one at once."""

    merchant_id: str
