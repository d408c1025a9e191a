"""A site as a replay sees it: from its configuration alone, so that it can also be read where no site is loaded."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta, tzinfo

from homeassistant.config_entries import ConfigEntry, ConfigSubentry

from ...const import (
    CONF_CIRCUIT,
    CONF_KIND,
    CONF_MAX_CURRENT,
    CONF_MIN_CURRENT,
    KIND_SIMULATED,
    SUBENTRY_CHARGER,
)
from ...engine.model import Circuit, Mode
from ...simulator.battery import BatterySpec
from ...simulator.simulated_site import default_site
from ...sources.tariffs.capacity_rules import CapacityTariff, PriceRule
from ...what_if import (
    HomeStorage,
    Outlet,
    PastWeek,
    PeakPrice,
    ReplayedSite,
    SiteSetup,
    WeekPeaks,
)
from ..battery.battery_orders import home_battery
from ..circuits import CircuitTree
from ..entry_data import site_of, wiring
from ..outcome import ConnectorKey, connector_numbers, identity_of
from ..planning.peak_rules import CapacityRule, capacity_rules
from ..subentries import usable
from .replayed_peaks import ReplayedPeaks

_QUARTER_MIN = 15


def setup_of(entry: ConfigEntry, mode_of: Callable[[ConnectorKey], Mode]) -> SiteSetup:
    """Return how a site is wired and used today."""
    site, tree = site_of(entry.data), CircuitTree.of(entry)
    circuits = tuple(
        _measured_or_empty(circuit) for circuit in tree.engine_circuits(entry.title)
    )
    return SiteSetup(
        site=ReplayedSite(site=site, circuits=circuits),
        outlets=tuple(
            Outlet(
                id=key.id,
                circuit=tree.at(charger.data[CONF_CIRCUIT]),
                phases=wiring(charger.data, site),
                min_a=charger.data[CONF_MIN_CURRENT],
                max_a=charger.data[CONF_MAX_CURRENT],
                mode=_charging(mode_of(key)),
            )
            for charger in usable(entry, SUBENTRY_CHARGER)
            for key in _keys(charger)
        ),
        storage=_storage(entry),
    )


def storage_of(
    capacity_wh: float, power_w: float | None, *, controlled: bool
) -> HomeStorage:
    """Return a battery; without a power it charges and discharges in two hours."""
    spec = BatterySpec(capacity_wh=capacity_wh, power_w=power_w or capacity_wh / 2)
    return HomeStorage(spec=spec, controlled=controlled)


def capacity_rules_of(entry: ConfigEntry) -> tuple[CapacityRule, ...]:
    """Return the capacity tariffs of a site of which it is known what they cost."""
    return tuple(rule for rule in capacity_rules(entry) if rule.tariff.has_price)


def guarded(tariff: CapacityTariff) -> CapacityRule:
    """Return a tariff that a site would have, and stay below what is worth paying."""
    return CapacityRule(id=tariff.key, name=tariff.key, tariff=tariff, cap=True)


def week_peaks(rules: Sequence[CapacityRule], week: PastWeek, tz: tzinfo) -> WeekPeaks:
    """Return what peaks cost in a week, and what counts them. Sliding intervals are billed as those of the clock."""
    if not rules:
        return WeekPeaks()
    end = week.start + timedelta(minutes=_QUARTER_MIN * len(week.house_w))
    return WeekPeaks(
        prices=_peak_prices([rule.tariff for rule in rules], week, tz),
        counter=ReplayedPeaks.of(rules, tz, week.start, end),
    )


def _peak_prices(
    tariffs: Iterable[CapacityTariff], week: PastWeek, tz: tzinfo
) -> tuple[PeakPrice, ...]:
    local = [start.astimezone(tz) for start in week.starts]
    return tuple(
        PeakPrice(
            price=tariff.price_per_kw,
            quarters=tariff.interval_min // _QUARTER_MIN,
            top=tariff.top,
            by_day=tariff.different_days and tariff.top > 1,
            floor_w=tariff.floor_w,
            step_limits_w=tariff.step_limits_w,
            step_prices=tariff.step_prices if tariff.rule is PriceRule.STEPS else (),
            counts=tuple(tariff.weight.at(at) > 0 for at in local),
            days=week.local_days,
        )
        for tariff in tariffs
    )


def _keys(charger: ConfigSubentry) -> list[ConnectorKey]:
    return [
        ConnectorKey(identity=identity_of(charger), connector=number)
        for number in connector_numbers(charger.data)
    ]


def _charging(mode: Mode) -> Mode:
    """Return the mode in which a car charges: one that is off today would charge as planned."""
    return Mode.ECO if mode is Mode.OFF else mode


def _measured_or_empty(circuit: Circuit) -> Circuit:
    """Return a circuit with what is known of it in a replay: the main fuse is measured, other circuits carry cars only."""
    if circuit.parent is None:
        return replace(circuit, assumed_load_a=None, derating=None)
    empty = (0.0,) * len(circuit.limit_a)
    return replace(
        circuit, assumed_load_a=circuit.assumed_load_a or empty, derating=None
    )


def _storage(entry: ConfigEntry) -> HomeStorage | None:
    if entry.data[CONF_KIND] == KIND_SIMULATED:
        return HomeStorage(spec=default_site().battery)
    battery = home_battery(entry, None)
    if battery is None:
        return None
    spec = BatterySpec(
        capacity_wh=battery.capacity_wh,
        power_w=max(battery.max_charge_w, battery.max_discharge_w),
        reserve=battery.reserve_wh / battery.capacity_wh,
    )
    return HomeStorage(spec=spec, controlled=battery.controllable)
