"""The home battery in the plan: its properties, and the user's entities through which a plan controls it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from homeassistant.config_entries import ConfigEntry

from ...const import CONF_SOURCES, WH_PER_KWH
from ...engine.model import BatteryReading, CircuitState, Decision
from ...planner import BatteryCommand, HomeBattery, SiteSlot
from ...simulator.battery import BatterySpec
from ...sources.config import SourcesConfig
from ..engine_options import (
    CONF_BATTERY_CAPACITY,
    CONF_BATTERY_DISCHARGE,
    CONF_BATTERY_RESERVE,
    CONF_CHARGE_ENTITY,
    CONF_CHARGE_MAX,
    CONF_CHARGE_VALUE,
    CONF_DISCHARGE_ENTITY,
    CONF_DISCHARGE_VALUE,
    CONF_HOLD_ENTITY,
    CONF_HOLD_VALUE,
    CONF_RELEASE_VALUE,
    HoldRule,
    hold_rule_of,
)

# A battery without known powers is assumed to charge and discharge in two hours.
_HOURS = 2.0
# A smaller change is not worth a new command.
_STEP_W = 100.0
SCRIPT = "script"
# What a script gets: command, power of the battery, power of the grid connection.
NORMAL, HOLD = "normal 0 0", "hold 0 0"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryOrders:
    """Which entity carries out which command; None: the plan does without it."""

    hold: HoldRule | None = None
    charge: HoldRule | None = None
    discharge: HoldRule | None = None

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> BatteryOrders:
        """Return what the user chose."""
        return cls(
            hold=_rule(options, CONF_HOLD_ENTITY, CONF_HOLD_VALUE),
            charge=_rule(options, CONF_CHARGE_ENTITY, CONF_CHARGE_VALUE),
            discharge=_rule(options, CONF_DISCHARGE_ENTITY, CONF_DISCHARGE_VALUE),
        )

    @property
    def any(self) -> bool:
        """Whether the plan controls the battery at all."""
        return any((self.hold, self.charge, self.discharge))

    def rule(self, slot: SiteSlot | None, decision: Decision) -> HoldRule | None:
        """Return which entity should have which value now, None if the battery is not controlled."""
        if slot is None:
            return None
        rule = {
            BatteryCommand.HOLD: self.hold,
            BatteryCommand.CHARGE: self.charge,
            BatteryCommand.DISCHARGE: self.discharge,
        }.get(slot.command)
        if rule is None or (
            slot.command is BatteryCommand.CHARGE and _overloaded(decision)
        ):
            return None
        if slot.command is BatteryCommand.HOLD:
            return _holding(rule)
        if slot.command is BatteryCommand.DISCHARGE and slot.battery_w < _STEP_W:
            return None  # nothing lacks: by itself it stores what the sun leaves
        sun_alone = slot.command is BatteryCommand.CHARGE and slot.grid_w < _STEP_W
        if sun_alone and _is_mode(rule):
            return None  # it would buy: by itself it stores what the sun leaves
        return _with_power(rule, slot, negative=self._is_negative(slot.command))

    def _is_negative(self, command: BatteryCommand) -> bool:
        """Return whether a power is negative: of one entity that charges and discharges, that which discharges."""
        if self.charge is None or self.discharge is None:
            return False
        same = self.charge.entity_id == self.discharge.entity_id
        return same and command is BatteryCommand.DISCHARGE


def holding_rule(options: Mapping[str, Any]) -> HoldRule | None:
    """Return how the battery is kept from discharging into cars, None if Sunfuse does not do that."""
    rule = hold_rule_of(options)
    return None if rule is None else _holding(rule)


def _holding(rule: HoldRule) -> HoldRule:
    """Return the rule that applies to holding: a script gets the order as a variable, and a number without a value is a reserve in percent."""
    if rule.entity_id.partition(".")[0] == SCRIPT:
        return replace(rule, value=HOLD, release_value=NORMAL)
    return rule if rule.value else replace(rule, at_soc=True)


def _rule(options: Mapping[str, Any], entity: str, value: str) -> HoldRule | None:
    if (entity_id := options.get(entity)) is None:
        return None
    return HoldRule(
        entity_id=entity_id,
        value=options.get(value, ""),
        release_value=options.get(CONF_RELEASE_VALUE)
        if entity_id == options.get(CONF_HOLD_ENTITY)
        else None,
    )


def _with_power(rule: HoldRule, slot: SiteSlot, *, negative: bool) -> HoldRule:
    """Return a rule with the planned power, where the entity takes one: a number without a value, or a script."""
    power_w = round(abs(slot.battery_w) / _STEP_W) * _STEP_W
    if rule.entity_id.partition(".")[0] == SCRIPT:
        grid_w = round(slot.grid_w / _STEP_W) * _STEP_W
        value = f"{slot.command.value} {power_w:.0f} {grid_w:.0f}"
        return HoldRule(entity_id=rule.entity_id, value=value, release_value=NORMAL)
    if rule.value:
        return rule
    return HoldRule(
        entity_id=rule.entity_id,
        value=f"{-power_w if negative else power_w:.0f}",
        release_value=rule.release_value,
        in_w=True,
    )


def _is_mode(rule: HoldRule) -> bool:
    """Whether an order has no power: the battery then charges with its own."""
    return bool(rule.value) and rule.entity_id.partition(".")[0] != SCRIPT


def _overloaded(decision: Decision) -> bool:
    """Whether a fuse carries too much already."""
    return any(one.state is CircuitState.OVERLOADED for one in decision.circuits)


def _capacity_wh(entry: ConfigEntry) -> float | None:
    """Return how much a site's battery stores: as its options say, else as it was set up. 0: the plan does without it."""
    capacity_kwh: float | None = entry.options.get(CONF_BATTERY_CAPACITY)
    if capacity_kwh is not None:
        return capacity_kwh * WH_PER_KWH
    sources = SourcesConfig.from_dict(entry.data.get(CONF_SOURCES, {}))
    return sources.battery_capacity_wh


def home_battery(
    entry: ConfigEntry, reading: BatteryReading | None
) -> HomeBattery | None:
    """Return the home battery as the plan sees it, None where its size is not known."""
    options, capacity_wh = entry.options, _capacity_wh(entry)
    if not capacity_wh:
        return None
    orders = BatteryOrders.of(options)
    usual_w = capacity_wh / _HOURS
    return HomeBattery(
        capacity_wh=capacity_wh,
        energy_wh=_energy_wh(reading, capacity_wh),
        max_charge_w=options.get(CONF_CHARGE_MAX) or usual_w,
        max_discharge_w=options.get(CONF_BATTERY_DISCHARGE) or usual_w,
        reserve_wh=options.get(CONF_BATTERY_RESERVE, 0.0) / 100 * capacity_wh,
        controllable=orders.any,
        from_grid=orders.charge is not None,
        to_grid=False,
    )


def simulated_battery(spec: BatterySpec, reading: BatteryReading | None) -> HomeBattery:
    """Return the battery of a simulated site, which is not controlled."""
    return HomeBattery(
        capacity_wh=spec.capacity_wh,
        energy_wh=_energy_wh(reading, spec.capacity_wh),
        max_charge_w=spec.power_w,
        max_discharge_w=spec.power_w,
        charge_efficiency=spec.one_way,
        discharge_efficiency=spec.one_way,
        reserve_wh=spec.reserve * spec.capacity_wh,
    )


def _energy_wh(reading: BatteryReading | None, capacity_wh: float) -> float | None:
    if reading is None or reading.soc is None:
        return None
    return reading.soc / 100 * capacity_wh
