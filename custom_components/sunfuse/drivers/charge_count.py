"""The state of charge of a car, counted on with the energy that it was given since it was last known."""

from dataclasses import dataclass
from datetime import datetime

from .demand import CHARGE_EFFICIENCY, FULL_SOC, ChargeSource


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeMark:
    """A state of charge that was known, and what the connector's meter had counted then; None: no car was there."""

    soc: float
    at: datetime
    source: ChargeSource
    connector: str | None = None
    register_wh: float | None = None


def counted_soc(
    mark: ChargeMark,
    register_wh: float | None,
    capacity_wh: float | None,
    efficiency: float | None,
) -> float:
    """Return the state of charge now; it stays what it was where nothing can be counted."""
    if register_wh is None or mark.register_wh is None or not capacity_wh:
        return mark.soc
    given_wh = max(register_wh - mark.register_wh, 0.0)
    gained = given_wh * (efficiency or CHARGE_EFFICIENCY) / capacity_wh * FULL_SOC
    # A car that says that it has more than full is not emptied by counting.
    return max(mark.soc, min(mark.soc + gained, FULL_SOC))
