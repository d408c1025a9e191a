"""The sign of a grid sensor: what is known of integrations, and what counters and totals show.

Home Assistant's Energy dashboard counts import as positive. Several integrations pass on the sign of the inverter's maker,
which is the opposite. What is not in the table is not known.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
import re

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from ..config import MeterConfig, PowerSource
from ..history import async_statistics
from ..states import StateReader

# Less than this may be noise, or a balcony's panels on one phase.
_CLEARLY_W = 200.0
# How far the phases' sum and the total of the same instant may disagree.
_ALIKE = 0.3
_HISTORY = timedelta(days=2)
_SLOT_H = 5 / 60
_CLEARLY_WH = 200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Convention:
    """A sensor of an integration: the grid's, positive on export if `inverted`; or not the grid's."""

    platform: str
    unique_id: re.Pattern[str]
    grid: bool = True
    inverted: bool = False


def _row(platform: str, unique_id: str, **how: bool) -> Convention:
    return Convention(platform=platform, unique_id=re.compile(unique_id), **how)


CONVENTIONS: tuple[Convention, ...] = (
    # Huawei, Solar Inverter Modbus Interface Definitions, 37113 and 37107 to 37136: positive when feeding in. The
    # integration passes them on (wlcrs/huawei_solar, sensor.py; evcc huawei-sun2000 has scale -1).
    _row("huawei_solar", r"_(power_meter_active_power|active_grid_[ABCabc]_(power|current))$", inverted=True),
    # SolarEdge's meters count export positive (evcc solaredge-hybrid, scale -1). WillCodeForCats/ solaredge-modbus-
    # multi, sensor.py: ACPowerInverted "exists solely" for the dashboard. A meter's id ends in M1 to M3.
    _row("solaredge_modbus_multi", r"_M\d_ac_power_inverted$"),
    _row("solaredge_modbus_multi", r"_M\d_ac_power(_[abc])?$", inverted=True),
    # Home Assistant's own, and binsentsu/home-assistant-solaredge-modbus (const.py, m1_acpowera).
    _row("solaredge_modbus", r"(?i)meter.*_ac_power(_phase_[abc])?$|_m\d_?acpower[abc]?$", inverted=True),
    # goodwe 0.4.10, et.py: a negative active power is importing; pgrid is the inverter's output.
    _row("goodwe", r"goodwe-(meter_)?active_power(\d|_total)?-", inverted=True),
    _row("goodwe", r"goodwe-[pi]grid\d?-", grid=False),
    # wills106/homeassistant-solax-modbus, const.py: the export is the positive part of measured_power.
    _row("solax_modbus", r"measured_power(_l[123])?$", inverted=True),
    # Its plugin_growatt.py, input registers 14 to 25, and others: what the inverter puts out.
    _row("solax_modbus", r"_grid_(phase_[abc]_)?(power|current)(_l[123])?$", grid=False),
    # davidrapan/ha-solarman, deye_string.yaml (0x4c beside 0xcb of the meter), sofar_hybrid.yaml and others: likewise.
    _row("solarman", r"_grid_l[123]_current(_sensor)?$", grid=False),
    # givenergy-modbus, p_grid_out: negative while importing, although its name is "Grid Export Power"
    # (cdpuk/givenergy-local, sensor.py).
    _row("givenergy_local", r"_p_grid_out$", inverted=True),
    # nathanmarlor/foxess_modbus, entity_descriptions.py: Grid CT differs from model to model; its two directions do
    # not.
    _row("foxess_modbus", r"grid_ct(_[rst])?$", grid=False),
    # Home Assistant's own: P_Grid, and a smart meter's power, are positive on import (Fronius Solar API V1).
    _row("fronius", r"power_flow-power_grid$|-power_real(_phase_[123])?$"),
    _row("powerwall", r"_site_instant_power$"),
    # HomeWizard API v1: active_power_w is negative when feeding in.
    _row("homewizard", r"_active_power(_l[123])?_w$"),
    # Home Assistant's own: Victron's grid meters are positive on import (CCGX Modbus TCP register list, 820 to 822).
    _row("victron_gx", r"_grid_power(_l[123])?$"),
    # Enphase: net consumption is the import; the balanced one is reckoned from two other sensors.
    _row("enphase_envoy", r"^\d+_net_consumption(_l[123])?$"),
)  # fmt: skip


def convention_of(entry: er.RegistryEntry) -> Convention | None:
    """Return what is known of a sensor from its integration."""
    return next(
        (
            row
            for row in CONVENTIONS
            if row.platform == entry.platform and row.unique_id.search(entry.unique_id)
        ),
        None,
    )


def inverted_by_convention(hass: HomeAssistant, entity_id: str) -> bool | None:
    """Return whether a sensor is positive on export, None if that is not known."""
    entry = er.async_get(hass).async_get(entity_id)
    row = convention_of(entry) if entry else None
    return row.inverted if row and row.grid else None


def power_now_w(hass: HomeAssistant, source: PowerSource | None) -> float | None:
    """Return the present power, positive on import; None if it is not known, as of counters."""
    reader = StateReader(hass)
    if source is None:
        return None
    if source.entity:
        value = reader.power_w(source.entity)
        return None if value is None else value.number * (-1 if source.inverted else 1)
    sides = [
        reader.power_w(entity) if entity else None
        for entity in (source.positive, source.negative)
    ]
    if sides[0] is None or (source.negative and sides[1] is None):
        return None
    return sides[0].number - (sides[1].number if sides[1] else 0.0)


def phases_now_w(
    hass: HomeAssistant, meter: MeterConfig, voltage_v: float
) -> list[float] | None:
    """Return the present sum of the phases' sensors, positive on import.

    None if one of them has no value, or if they are currents without direction.
    """
    reader = StateReader(hass)

    def of(sensors: Sequence[str]) -> list[float] | None:
        values = [reader.phase(entity, voltage_v) for entity in sensors]
        known = [value.number * voltage_v for value in values if value]
        return known if len(known) == len(sensors) else None

    drawn, back = of(meter.phases), of(meter.phases_export)
    if not drawn or back is None:
        return None
    if back:
        return [one - other for one, other in zip(drawn, back, strict=False)]
    currents = any(reader.power_w(entity) is None for entity in meter.phases)
    if currents and all(one >= 0 for one in drawn):
        drawn = of(meter.phase_powers)
    if not drawn:
        return None
    return [-one if meter.phases_inverted else one for one in drawn]


def signed_sensors(hass: HomeAssistant, meter: MeterConfig) -> tuple[str, ...]:
    """Return the sensors whose sign decides what a meter shows: the total, without one the phases.

    None if each direction has its own, or if they are currents that show no direction.
    """
    if meter.power:
        return (meter.power.entity,) if meter.power.entity else ()
    if meter.phases_export or phases_now_w(hass, meter, 1.0) is None:
        return ()
    return meter.phase_powers or meter.phases


def with_sign(
    hass: HomeAssistant, meter: MeterConfig, *, inverted: bool
) -> MeterConfig:
    """Return a meter that is positive on export if `inverted`: its total and, unless they are known better, its phases."""
    power = replace(meter.power, inverted=inverted) if meter.power else None
    of_phases = inverted_by_convention(hass, meter.phases[0]) if meter.phases else False
    return replace(
        meter,
        power=power,
        phases_inverted=inverted if of_phases is None else meter.phases_inverted,
    )


def contradict(one_w: float, other_w: float) -> bool:
    """Return whether two powers of the same instant agree except for their sign."""
    clear = min(abs(one_w), abs(other_w)) > _CLEARLY_W
    alike = abs(one_w + other_w) <= _ALIKE * max(abs(one_w), abs(other_w))
    return clear and alike


def agreed(
    hass: HomeAssistant, meter: MeterConfig, voltage_v: float = 230.0
) -> MeterConfig:
    """Return a meter whose phases have the same sign as its total, by the present values of both.

    If they contradict each other, the one that is known from its integration is right, otherwise the total.
    """
    total_w = power_now_w(hass, meter.power)
    phases_w = phases_now_w(hass, meter, voltage_v)
    if total_w is None or phases_w is None or meter.phases_export or not meter.power:
        return meter
    if not contradict(total_w, sum(phases_w)):
        return meter
    known = inverted_by_convention(hass, meter.phases[0]) is not None
    of_total = meter.power.entity
    if known and of_total and inverted_by_convention(hass, of_total) is None:
        turned = replace(meter.power, inverted=not meter.power.inverted)
        return replace(meter, power=turned)
    return replace(meter, phases_inverted=not meter.phases_inverted)


async def async_inverted_by_counters(
    hass: HomeAssistant,
    powers: Sequence[str],
    drawn: Sequence[str],
    given: Sequence[str],
    now: datetime,
) -> bool | None:
    """Return whether powers are positive while the grid's counters count export; None if they do not show it."""
    known = await async_statistics(
        hass, (*powers, *drawn, *given), now - _HISTORY, now, "5minute"
    )
    if any(power not in known for power in powers):
        return None

    def summed(sensors: Sequence[str]) -> dict[datetime, float]:
        sums: dict[datetime, float] = defaultdict(float)
        for sensor in sensors:
            for slot in known[sensor].mean if sensor in known else ():
                sums[slot.start] += slot.value
        return sums

    imported, exported = summed(drawn), summed(given)
    pairs = [
        (power_w, imported.get(start, 0.0) - exported.get(start, 0.0))
        for start, power_w in summed(powers).items()
        if start in imported or start in exported
    ]
    same = sum(min(abs(p), abs(c)) for p, c in pairs if p * c > 0) * _SLOT_H
    against = sum(min(abs(p), abs(c)) for p, c in pairs if p * c < 0) * _SLOT_H
    if same + against < _CLEARLY_WH or _share(same, against) < _ALIKE:
        return None
    return against > same


def _share(one: float, other: float) -> float:
    """Return by how much the larger of two dominates."""
    return abs(one - other) / (one + other)
