"""What the energy of a session cost, quarter hour by quarter hour."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from .facts_to_session import FilledQuarter
from .session_facts import MeasuredQuarter, SiteQuarter


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCosts:
    """The sums over a session's quarter hours."""

    sun_wh: float = 0.0
    battery_wh: float = 0.0
    estimated_wh: float = 0.0
    grid_cost: float = 0.0
    feed_in_lost: float = 0.0
    priced_wh: float = 0.0
    currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CostedQuarter:
    """A quarter hour of a session with its costs; both are None where no price is known."""

    start: datetime
    energy_wh: float
    sun_wh: float
    battery_wh: float
    estimated_wh: float
    grid_cost: float | None
    feed_in_lost: float | None
    currency: str | None

    @property
    def cost(self) -> float | None:
        """Return what its energy cost."""
        if self.grid_cost is None or self.feed_in_lost is None:
            return None
        return self.grid_cost + self.feed_in_lost


def costed(
    measured: Iterable[MeasuredQuarter],
    filled: Iterable[FilledQuarter],
    site: Mapping[datetime, SiteQuarter],
) -> list[CostedQuarter]:
    """Return the quarter hours of a session with what their energy cost, in order."""
    by_start: dict[datetime, tuple[float, float, float, float]] = {}
    quarters: list[MeasuredQuarter | FilledQuarter] = [*measured, *filled]
    for quarter in quarters:
        energy, sun, battery, estimated = by_start.get(quarter.start, (0.0,) * 4)
        if isinstance(quarter, FilledQuarter):
            estimated += max(quarter.energy_wh, 0.0)
        by_start[quarter.start] = (
            energy + quarter.energy_wh,
            sun + quarter.sun_wh,
            battery + quarter.battery_wh,
            estimated,
        )
    found = []
    for start in sorted(by_start):
        energy, sun, battery, estimated = by_start[start]
        price = site.get(start)
        grid_cost = feed_in_lost = currency = None
        if price is not None and price.import_price is not None:
            currency = price.currency
            grid_cost = (energy - sun - battery) / 1000 * price.import_price
            feed_in_lost = (sun + battery) / 1000 * (price.export_price or 0.0)
        found.append(
            CostedQuarter(
                start=start,
                energy_wh=energy,
                sun_wh=sun,
                battery_wh=battery,
                estimated_wh=estimated,
                grid_cost=grid_cost,
                feed_in_lost=feed_in_lost,
                currency=currency,
            )
        )
    return found


def costs(quarters: Sequence[CostedQuarter]) -> SessionCosts:
    """Return the sums over the quarter hours of a session."""
    priced = [quarter for quarter in quarters if quarter.cost is not None]
    currencies = [quarter.currency for quarter in priced if quarter.currency]
    return SessionCosts(
        sun_wh=sum(quarter.sun_wh for quarter in quarters),
        battery_wh=sum(quarter.battery_wh for quarter in quarters),
        estimated_wh=sum(quarter.estimated_wh for quarter in quarters),
        grid_cost=sum(quarter.grid_cost or 0.0 for quarter in priced),
        feed_in_lost=sum(quarter.feed_in_lost or 0.0 for quarter in priced),
        priced_wh=sum(quarter.energy_wh for quarter in priced),
        currency=currencies[-1] if currencies else None,
    )
