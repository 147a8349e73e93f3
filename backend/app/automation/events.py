"""What happens to rules."""

from app.kernel.events import Event


class RulesChanged(Event):
    """A shop's rules are not what they were; every process learns it within seconds, this one at once."""

    merchant_id: str
