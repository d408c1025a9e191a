"""The home battery: stores surplus, and supplies the household."""

from dataclasses import dataclass
import math


@dataclass(frozen=True, slots=True, kw_only=True)
class BatterySpec:
    """A battery with its inverter, as seen from the house's wiring."""

    capacity_wh: float = 10_000.0
    power_w: float = 5000.0
    efficiency: float = 0.92  # round trip
    reserve: float = 0.05  # the share that is never discharged
    taper_from: float = 0.9  # the state of charge from which on it charges slower

    @property
    def one_way(self) -> float:
        """The efficiency of charging, and of discharging."""
        return math.sqrt(self.efficiency)


def battery_power_w(
    spec: BatterySpec, stored_wh: float, net_w: float, house_net_w: float, dt_s: float
) -> float:
    """Return the battery's power for the next `dt_s`: positive when it discharges, negative when it charges.

    `net_w` is what the site would import without it, `house_net_w` the same without the cars: the battery stores
    what is left after the cars, but does not discharge into them.
    """
    hours = dt_s / 3600
    if net_w < 0:
        share = stored_wh / spec.capacity_wh
        slower = min((1 - share) / (1 - spec.taper_from), 1.0)
        limit_w = spec.power_w * max(slower, 0.1)
        room_w = (spec.capacity_wh - stored_wh) / spec.one_way / hours
        return -min(-net_w, limit_w, max(room_w, 0.0))
    if house_net_w > 0:
        left_wh = stored_wh - spec.reserve * spec.capacity_wh
        left_w = left_wh * spec.one_way / hours
        return min(house_net_w, spec.power_w, max(left_w, 0.0))
    return 0.0


def stored_after_wh(
    spec: BatterySpec, stored_wh: float, power_w: float, dt_s: float
) -> float:
    """Return what is stored after `dt_s` at a power (positive on discharge)."""
    if power_w < 0:
        return stored_wh - power_w * spec.one_way * dt_s / 3600
    return stored_wh - power_w / spec.one_way * dt_s / 3600
