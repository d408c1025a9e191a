"""What some makes and models do differently: one table, each row with its source.

What a station reports itself (units, stack levels) is not here; it is asked for. A user can set any field of
`Behaviour` for a charger, by name.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from enum import StrEnum
import re
from typing import Any

from ..station_state import StationInfo


class Pause(StrEnum):
    """How a station is made to pause."""

    ZERO = "zero"  # a limit of 0 A
    REMOTE_STOP = (
        "remote_stop"  # the transaction is stopped, and another one started later
    )


class Purpose(StrEnum):
    """Which profile sets the live limit."""

    TX_PROFILE = "tx_profile"
    TX_DEFAULT = "tx_default"  # for stations that ignore or refuse a TxProfile; wears their flash memory
    STATION_MAX = "station_max"  # for those that can only limit the whole station


class Kind(StrEnum):
    """When a lasting profile starts."""

    RELATIVE = "relative"  # needs no clock
    ABSOLUTE = "absolute"


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """How to deal with a station."""

    unit: str | None = None  # "A" or "W"; None: ask it
    pause: Pause = Pause.ZERO
    live_purpose: Purpose | None = None  # None: the first that the station accepts
    lasting_kind: Kind = Kind.RELATIVE
    lasting_stack_level: int | None = None  # None: the highest that it has
    settle_s: float | None = None  # wait after booting; None: the usual time
    do_not_ask: tuple[str, ...] = ()  # configuration keys that are neither read nor set
    repeat_after_pause: bool = False  # the first limit after 0 A is lost
    number_phases: bool = False  # requires the number of phases with every limit
    switches_phases: bool | None = (
        None  # charges on one phase if commanded to; None: ask it
    )
    whole_amperes: bool = False
    long_texts: bool = False  # texts of BootNotification longer than the schema allows
    sample_s: int | None = None  # between meter values; None: the usual time
    by_phase: bool = False  # measurands are asked for phase by phase
    restarts: bool = True  # another transaction can start before the car is unplugged
    wake: bool = (
        False  # restart the transaction of a car that does not resume after a pause
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirk:
    """One row: which stations (patterns, ignoring case), what differs, and the source."""

    name: str
    vendor: str
    model: str = ""
    changes: tuple[tuple[str, Any], ...]
    source: str

    def fits(self, vendor: str, model: str) -> bool:
        """Whether it applies to stations of this make and model."""
        return bool(
            re.search(self.vendor, vendor, re.IGNORECASE)
            and re.search(self.model, model, re.IGNORECASE)
        )


QUIRKS = (
    Quirk(
        name="abb_terra_ac_stack_level",
        vendor=r"^ABB",
        model=r"TACW|Terra\s*AC",
        changes=(("lasting_stack_level", 0),),
        source="https://github.com/evcc-io/evcc/issues/15493",
    ),
    Quirk(
        name="abb_terra_ac_measurands",
        vendor=r"^ABB",
        model=r"TACW|Terra\s*AC",
        changes=(("do_not_ask", ("MeterValuesSampledData",)),),
        source="https://github.com/lbbrhzn/ocpp/issues/1275",
    ),
    Quirk(
        name="wallbox_settles_slowly",
        vendor=r"wall\s*box",
        changes=(("settle_s", 20.0),),
        source="https://github.com/lbbrhzn/ocpp/issues/1503",
    ),
    Quirk(
        name="efr_watts",
        vendor=r"^EFR|HomeCharge",
        changes=(("unit", "W"),),
        source="https://github.com/evcc-io/evcc/issues/9838",
    ),
    Quirk(
        name="huawei_zero_outlives",
        vendor=r"huawei",
        changes=(("pause", Pause.REMOTE_STOP),),
        source="https://github.com/evcc-io/evcc/pull/29274",
    ),
    Quirk(
        name="huawei_watts",
        vendor=r"huawei",
        changes=(("unit", "W"),),
        source="https://github.com/lbbrhzn/ocpp/issues/1635",
    ),
    Quirk(
        name="easee_no_relative",
        vendor=r"easee",
        changes=(("lasting_kind", Kind.ABSOLUTE),),
        source="https://github.com/evcc-io/evcc/issues/15493",
    ),
    Quirk(
        name="easee_samples_every_half_minute",
        vendor=r"easee",
        changes=(("sample_s", 30),),
        source="https://github.com/evcc-io/evcc/blob/master/templates/definition/charger/ocpp-easee.yaml",
    ),
    Quirk(
        name="alfen_measurands_by_phase",
        vendor=r"alfen",
        changes=(("by_phase", True),),
        source="https://github.com/lbbrhzn/ocpp/issues/19",
    ),
    Quirk(
        name="autel_no_relative",
        vendor=r"autel",
        changes=(("lasting_kind", Kind.ABSOLUTE),),
        source="https://github.com/lbbrhzn/ocpp/issues/677",
    ),
    Quirk(
        name="beny_one_transaction_per_plug",
        vendor=r"beny|^zjb",
        changes=(("restarts", False),),
        source="https://github.com/evcc-io/evcc/pull/12861",
    ),
    Quirk(
        name="go_e_amperes",
        vendor=r"^go-?e",
        changes=(("unit", "A"),),
        source="https://github.com/goecharger/go-eCharger-API-v2/issues/190",
    ),
    Quirk(
        name="wattpilot_is_a_go_e",
        vendor=r"fronius",
        model=r"wattpilot",
        changes=(("unit", "A"), ("repeat_after_pause", True)),
        source="https://github.com/evcc-io/evcc/blob/master/templates/definition/charger/ocpp-goe.yaml",
    ),
    Quirk(
        name="go_e_first_limit_after_pause",
        vendor=r"^go-?e",
        changes=(("repeat_after_pause", True),),
        source="https://github.com/goecharger/go-eCharger-API-v2/issues/155",
    ),
    Quirk(
        name="grizzl_e_long_texts",
        vendor=r"united\s*chargers|grizzl",
        changes=(("long_texts", True),),
        source="https://github.com/djiesr/ocpp",
    ),
)


def in_force(info: StationInfo) -> tuple[Quirk, ...]:
    """Return the rows that apply to a station."""
    return tuple(quirk for quirk in QUIRKS if quirk.fits(info.vendor, info.model))


def behaviour(
    info: StationInfo, overrides: Iterable[tuple[str, str]] = ()
) -> Behaviour:
    """Return how to deal with a station; the user's overrides come last.

    Raises:
        ValueError: the user set a field that does not exist, or to an invalid value.

    """
    result = Behaviour()
    for quirk in in_force(info):
        result = replace(result, **dict(quirk.changes))
    return replace(result, **{name: _value(name, text) for name, text in overrides})


def understood(overrides: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return the user's overrides that exist and are valid: another version of Sunfuse may have others."""

    def is_understood(name: str, text: str) -> bool:
        try:
            _value(name, text)
        except AttributeError, TypeError, ValueError:
            return False
        return True

    return tuple(one for one in overrides if is_understood(*one))


def _value(name: str, text: str) -> Any:
    """Return a user's text as the value of a field."""
    if name not in {field.name for field in fields(Behaviour)}:
        raise ValueError(f"There is no quirk called {name}")
    match name:
        case "unit":
            if text not in ("A", "W"):
                raise ValueError(f"Not a unit: {text}")
            return text
        case "pause":
            return Pause(text)
        case "live_purpose":
            return Purpose(text)
        case "lasting_kind":
            return Kind(text)
        case "lasting_stack_level" | "sample_s":
            return int(text)
        case "settle_s":
            return float(text)
        case "do_not_ask":
            return tuple(key.strip() for key in text.split(",") if key.strip())
        case _:
            if text not in ("true", "false"):
                raise ValueError(f"{name} is true or false, not {text}")
            return text == "true"
