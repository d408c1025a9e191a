"""The usual grid connection of a country, as a default of a form."""

from ...const import SYSTEM_SINGLE_PHASE, SYSTEM_SPLIT_PHASE, SYSTEM_THREE_PHASE

_PHASES_TO_SYSTEM = {
    1: SYSTEM_SINGLE_PHASE,
    2: SYSTEM_SPLIT_PHASE,
    3: SYSTEM_THREE_PHASE,
}
# The countries whose homes have two legs of 120 V.
_SPLIT_PHASE_COUNTRIES = frozenset(("US", "CA", "PR", "MX", "JP", "TW"))
# Between phase and neutral, where it is not 230 V: IEC's list of world plugs and voltages.
_VOLTAGE_V = {
    "US": 120.0,
    "CA": 120.0,
    "PR": 120.0,
    "MX": 127.0,
    "JP": 100.0,
    "TW": 110.0,
}


def usual_system(country: str | None, phases: int) -> str:
    """Return the most likely grid connection, given the number of phases of the meter."""
    if country in _SPLIT_PHASE_COUNTRIES:
        return SYSTEM_SPLIT_PHASE
    return _PHASES_TO_SYSTEM[phases]


def usual_voltage_v(country: str | None, system: str) -> float:
    """Return the nominal voltage between phase and neutral that is most likely."""
    elsewhere_v = 120.0 if system == SYSTEM_SPLIT_PHASE else 230.0
    return _VOLTAGE_V.get(country or "", elsewhere_v)
