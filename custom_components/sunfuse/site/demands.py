"""What each connector's session asks for: energy, departure and how to get there, whoever said it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from .outcome import ConnectorKey


class ChargingStrategy(StrEnum):
    """Which of the plans that are ready on time a driver wants."""

    CHEAPEST = "cheapest"
    LATE = "late"  # as late as possible: kinder to the battery, warm at departure
    SPREAD = "spread"  # at the least power


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What the session at a connector asks for. Energies are what goes into the car's battery, not what the grid gives.

    `energy_wh` is what must still go in until `departure`, None where nobody knows; `full_wh` is what it could still
    take at most; `minimum_wh` is wanted at once, whatever it costs. `guessed`: departure or energy are predicted from
    the past, not said by anybody. Limits are per kWh, in the tariff's currency and in grams.
    """

    departure: datetime | None = None
    energy_wh: float | None = None
    full_wh: float | None = None
    soc: float | None = None
    capacity_wh: float | None = None
    target_soc: float | None = None
    minimum_wh: float = 0.0
    strategy: ChargingStrategy = ChargingStrategy.CHEAPEST
    price_limit: float | None = None
    carbon_limit_g: float | None = None
    feed_in_first_above: float | None = None
    precondition: timedelta = timedelta(0)
    guessed: bool = False
    vehicle: str | None = None  # its sub-entry; None: a guest
    # Of the car; None: as the charger.
    max_a: float | None = None
    phases: int | None = None
    charge_efficiency: float | None = None


class Demands:
    """Gathers what is asked for at each connector."""

    def at(self, _key: ConnectorKey, _now: datetime) -> Demand:
        """Return what the session at a connector asks for now."""
        return Demand()
