"""What happens to the people of a shop. Rooms above listen: conversations of who leaves go back to the others."""

from app.accounts.models import Availability
from app.kernel.events import Event


class AvailabilityChanged(Event):
    """A person at the desk chose online, busy or away."""

    merchant_id: str
    user_id: str
    availability: Availability


class StaffChanged(Event):
    """Somebody came to the team, has another role, or takes more or fewer conversations."""

    merchant_id: str
    user_id: str


class StaffRemoved(Event):
    """Somebody acts for the shop no more. Listeners run before the row goes."""

    merchant_id: str
    user_id: str
    removed_by: str


class Renamed(Event):
    """Somebody has another name."""

    user_id: str
    before: str
    after: str
