"""Today's energy balance: how much solar energy was used, and how much of the consumption was solar."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from typing import Any

from ..engine.codec import read_number


@dataclass(frozen=True, slots=True, kw_only=True)
class DayBalance:
    """Energies of one local day, in Wh. `day` is its date, `2026-11-25`.

    `battery_out_wh` and `battery_in_wh` are what the home battery discharged and charged.
    """

    day: str = ""
    solar_wh: float = 0.0
    import_wh: float = 0.0
    export_wh: float = 0.0
    battery_out_wh: float = 0.0
    battery_in_wh: float = 0.0

    @property
    def consumption_wh(self) -> float:
        """Return the consumption of house and cars: everything that came in less everything that went out."""
        came = self.solar_wh + self.import_wh + self.battery_out_wh
        return max(0.0, came - self.export_wh - self.battery_in_wh)

    @property
    def self_consumption(self) -> float | None:
        """Return the share of the solar energy that was not exported; None without any.

        Export from a battery may be solar or not; it counts as exported solar energy, as
        in Home Assistant's Energy dashboard, but never makes the share negative.
        """
        if self.solar_wh <= 0:
            return None
        return max(0.0, 1 - self.export_wh / self.solar_wh)

    @property
    def self_sufficiency(self) -> float | None:
        """Return the share of the consumption that was not imported; None without consumption."""
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

    Grid is positive on import, battery on discharge. A period across midnight is split
    there. A period of no length changes nothing.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class DayUnused:
    """Solar energy of one local day that was exported although cars could have used it, in Wh, by reason."""

    day: str = ""
    by_cause_wh: Mapping[str, float] = field(default_factory=dict)

    @property
    def total_wh(self) -> float:
        """Return the sum."""
        return sum(self.by_cause_wh.values())


def add_unused(
    unused: DayUnused,
    start: datetime,
    end: datetime,
    *,
    tz: tzinfo,
    by_cause_w: Mapping[str, float],
) -> DayUnused:
    """Add powers that held from start to end; a new local day starts from zero."""
    day = end.astimezone(tz).date()
    if unused.day != day.isoformat():
        midnight = datetime(day.year, day.month, day.day, tzinfo=tz)
        unused, start = DayUnused(day=day.isoformat()), max(start, midnight)
    hours = max((end - start) / timedelta(hours=1), 0.0)
    added = dict(unused.by_cause_wh)
    for cause, power_w in by_cause_w.items():
        added[cause] = added.get(cause, 0.0) + power_w * hours
    return replace(unused, by_cause_wh=added)


def unused_to_dict(unused: DayUnused) -> dict[str, Any]:
    """Return it as plain JSON for storage."""
    return {"day": unused.day, "by_cause_wh": dict(unused.by_cause_wh)}


def unused_from_dict(data: Mapping[str, Any]) -> DayUnused:
    """Read it from storage."""
    return DayUnused(
        day=str(data.get("day", "")),
        by_cause_wh={
            str(cause): read_number(wh)
            for cause, wh in data.get("by_cause_wh", {}).items()
        },
    )


_ENERGIES = ("solar_wh", "import_wh", "export_wh", "battery_out_wh", "battery_in_wh")


def balance_to_dict(balance: DayBalance) -> dict[str, Any]:
    """Return the balance as plain JSON for storage."""
    energies = {name: getattr(balance, name) for name in _ENERGIES}
    return {"day": balance.day, **energies}


def balance_from_dict(data: Mapping[str, Any]) -> DayBalance:
    """Read the balance from storage."""
    energies = {name: read_number(data.get(name, 0.0)) for name in _ENERGIES}
    return DayBalance(day=str(data.get("day", "")), **energies)
