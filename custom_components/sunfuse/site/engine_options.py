"""Converts a site's options for the engine: its tuning, the rules of the home battery, and dimming.

A theme that was never saved is not stored, so that a better default also reaches its users.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from ..const import (
    CONF_CHARACTERISTIC,
    CONF_DELETE_SESSIONS,
    CONF_DERATE_FROM,
    CONF_DERATE_STOP,
    CONF_DERATE_TO,
    CONF_FORGET_PERSONS,
    CONF_IMBALANCE,
    CONF_MARGIN,
    CONF_METER_MAX_AGE,
    WH_PER_KWH,
)
from ..engine.model import ExternalLimit, LimitKind
from ..engine.tuning import BatteryRules, Tuning
from ..sources.dimming_signal import Dimming

# The battery
CONF_BATTERY_FIRST = "battery_first_below_soc"
CONF_CAR_SHARE = "car_share_percent"
CONF_CHARGE_MAX = "charge_max_w"
CONF_SUPPORT_ABOVE = "support_above_soc"
CONF_SUPPORT = "support_w"
CONF_HOLD = "hold_battery"
CONF_HOLD_ENTITY = "hold_entity"
CONF_HOLD_VALUE = "hold_value"
CONF_RELEASE_VALUE = "release_value"
CONF_BATTERY_CAPACITY = "battery_capacity_kwh"
CONF_BATTERY_DISCHARGE = "discharge_max_w"
CONF_BATTERY_RESERVE = "battery_reserve_soc"
CONF_CHARGE_ENTITY = "charge_entity"
CONF_CHARGE_VALUE = "charge_value"
CONF_DISCHARGE_ENTITY = "discharge_entity"
CONF_DISCHARGE_VALUE = "discharge_value"

# Steps
CONF_DEAD_BAND = "dead_band_percent"

# Boosts
CONF_BOOST_QUOTA = "boost_quota_kwh"
CONF_BOOST_DURATION = "boost_duration_min"
DEFAULT_BOOST_DURATION_MIN = 60

# Dimming by section 14a EnWG
CONF_DIMMING_ENTITY = "dimming_entity"
CONF_DIMMING_DEVICE = "dimming_device_w"
CONF_DIMMING_SIMULTANEITY = "dimming_simultaneity"
DEFAULT_DIMMING_DEVICE_W = 4200.0  # BNetzA BK6-22-300, annex 1, 4.5.1


# Options that are stored unchanged.
_SAME = frozenset(field.name for field in fields(Tuning))
_INTEGERS = frozenset(("switches_per_hour",))


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRule:
    """Which entity holds the battery, with which value, and with which it is released (None: the former one).

    `in_w`: the value is a power, whatever the entity's unit. `at_soc`: it is the battery's present state of charge in
    percent, for batteries that know only a reserve.
    """

    entity_id: str
    value: str
    release_value: str | None = None
    in_w: bool = False
    at_soc: bool = False


def tuning_of(options: Mapping[str, Any]) -> Tuning:
    """Return the user's tuning, with defaults for the rest."""
    tuned: dict[str, Any] = {
        name: int(value) if name in _INTEGERS else value
        for name, value in options.items()
        if name in _SAME
    }
    if (percent := options.get(CONF_DEAD_BAND)) is not None:
        tuned["dead_band"] = percent / 100
    if (quota_kwh := options.get(CONF_BOOST_QUOTA)) is not None:
        tuned["boost_quota_wh"] = quota_kwh * WH_PER_KWH
    return Tuning(**tuned)


def battery_rules_of(options: Mapping[str, Any]) -> BatteryRules:
    """Return who gets solar power first, and when the battery may support cars."""
    return BatteryRules(
        battery_first_below_soc=options.get(CONF_BATTERY_FIRST, 0.0),
        car_share=options.get(CONF_CAR_SHARE, 0.0) / 100,
        charge_max_w=options.get(CONF_CHARGE_MAX),
        support_above_soc=options.get(CONF_SUPPORT_ABOVE),
        support_w=options.get(CONF_SUPPORT),
        hold=options.get(CONF_HOLD, False),
    )


def hold_rule_of(options: Mapping[str, Any]) -> HoldRule | None:
    """Return how the battery is held, None if Sunfuse does not do that."""
    entity_id = options.get(CONF_HOLD_ENTITY)
    if not options.get(CONF_HOLD, False) or entity_id is None:
        return None
    return HoldRule(
        entity_id=entity_id,
        value=options.get(CONF_HOLD_VALUE, ""),
        release_value=options.get(CONF_RELEASE_VALUE),
    )


def dimming_limit(
    dimming: Dimming | None, options: Mapping[str, Any], name: str
) -> tuple[ExternalLimit, ...]:
    """Return the limit that a grid operator's signal sets, if it is on."""
    if dimming is None:
        return ()
    return (
        ExternalLimit(
            name=name,
            kind=LimitKind.DIMMING,
            power_w=dimming.power_w,
            device_w=options.get(CONF_DIMMING_DEVICE, DEFAULT_DIMMING_DEVICE_W),
            simultaneity=options.get(CONF_DIMMING_SIMULTANEITY),
        ),
    )


# What each tick or plan reads anew: a change of these needs no new start of the site, which would disconnect its chargers.
READ_EACH_TIME = frozenset(
    {
        *_SAME,
        CONF_DEAD_BAND,
        CONF_BOOST_QUOTA,
        CONF_BOOST_DURATION,
        CONF_BATTERY_FIRST,
        CONF_CAR_SHARE,
        CONF_CHARGE_MAX,
        CONF_SUPPORT_ABOVE,
        CONF_SUPPORT,
        CONF_BATTERY_CAPACITY,
        CONF_BATTERY_DISCHARGE,
        CONF_BATTERY_RESERVE,
        CONF_DIMMING_DEVICE,
        CONF_DIMMING_SIMULTANEITY,
        CONF_MARGIN,
        CONF_METER_MAX_AGE,
        CONF_CHARACTERISTIC,
        CONF_DERATE_FROM,
        CONF_DERATE_TO,
        CONF_DERATE_STOP,
        CONF_IMBALANCE,
        CONF_FORGET_PERSONS,
        CONF_DELETE_SESSIONS,
        *(f"{what}_l{phase}_a" for what in ("limit", "fixed") for phase in (1, 2, 3)),
    }
)
