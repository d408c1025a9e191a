"""Today's energy balance: how much of the sun was used, how much of the use was sun."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import Any

from .rows import parse_number


@dataclass(frozen=True, slots=True, kw_only=True)
class DayBalance:
    """Energies of one local day, in Wh. `day` is its date, `2026-11-25`.

    `battery_out_wh` and `battery_in_wh` are what the home battery gave and took.
    """

    day: str = ""
    solar_wh: float = 0.0
    import_wh: float = 0.0
    export_wh: float = 0.0
    battery_out_wh: float = 0.0
    battery_in_wh: float = 0.0

    @property
    def consumption_wh(self) -> float:
        """Return what house and cars used: all that came in less all that went out."""
        came = self.solar_wh + self.import_wh + self.battery_out_wh
        return max(0.0, came - self.export_wh - self.battery_in_wh)

    @property
    def self_consumption(self) -> float | None:
        """Return the share of the sun that was not exported; None without sun.

        What a battery exports may come from the sun or not; it counts against the sun, as
        in Home Assistant's Energy dashboard, but never below zero.
        """
        if self.solar_wh <= 0:
            return None
        return max(0.0, 1 - self.export_wh / self.solar_wh)

    @property
    def self_sufficiency(self) -> float | None:
        """Return the share of the use that was not imported; None without use."""
        if self.consumption_wh <= 0:
            return None
        return min(1.0, max(0.0, 1 - self.import_wh / self.consumption_wh))


def add_power(
    balance: DayBalance,
    start: datetime,
    end: datetime,
    *,
    tz: tzinfo,
    grid_w: float,
    solar_w: float = 0.0,
    battery_w: float = 0.0,
) -> DayBalance:
    """Add powers that held from start to end; a new local day starts from zero.

    Grid is positive on import, battery on discharge. A stretch over midnight is cut
    there. A stretch of no time changes nothing.
    """
    day = end.astimezone(tz).date()
    if balance.day != day.isoformat():
        midnight = datetime(day.year, day.month, day.day, tzinfo=tz)
        balance, start = DayBalance(day=day.isoformat()), max(start, midnight)
    hours = (end - start) / timedelta(hours=1)
    if hours <= 0:
        return balance
    return replace(
        balance,
        solar_wh=balance.solar_wh + max(0.0, solar_w) * hours,
        import_wh=balance.import_wh + max(0.0, grid_w) * hours,
        export_wh=balance.export_wh + max(0.0, -grid_w) * hours,
        battery_out_wh=balance.battery_out_wh + max(0.0, battery_w) * hours,
        battery_in_wh=balance.battery_in_wh + max(0.0, -battery_w) * hours,
    )


_ENERGIES = ("solar_wh", "import_wh", "export_wh", "battery_out_wh", "battery_in_wh")


def balance_to_dict(balance: DayBalance) -> dict[str, Any]:
    """Return the balance for the store: plain JSON."""
    energies = {name: getattr(balance, name) for name in _ENERGIES}
    return {"day": balance.day, **energies}


def balance_from_dict(data: Mapping[str, Any]) -> DayBalance:
    """Read the balance back; what cannot be read is zero."""
    energies = {name: parse_number(data.get(name)) or 0.0 for name in _ENERGIES}
    return DayBalance(day=str(data.get("day", "")), **energies)
