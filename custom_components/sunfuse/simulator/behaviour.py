"""How a simulated charger departs from the book. The default is one that keeps to it."""

from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What a charger does differently; the fields go together in any mix."""

    clock_skew: timedelta = timedelta()  # how far its clock is ahead; it is never set
    boots_on_reconnect: bool = (
        True  # many do; the specification asks for it after a restart only
    )
    autostart: bool = True  # a car that is plugged in starts charging by itself
    refuses: frozenset[str] = field(default=frozenset())  # actions answered Rejected
