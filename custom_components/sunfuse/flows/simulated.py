"""What the simulated site is set up with."""

from typing import Any

from homeassistant.config_entries import ConfigSubentryData

from ..const import (
    CONF_CIRCUIT,
    CONF_FAIL_SAFE_CURRENT,
    CONF_IDENTITY,
    CONF_KIND,
    CONF_L1_PHASE,
    CONF_MAIN_FUSE,
    CONF_MARGIN,
    CONF_MAX_CURRENT,
    CONF_MIN_CURRENT,
    CONF_PHASES,
    CONF_PORT,
    CONF_SYSTEM,
    CONF_VOLTAGE,
    DEFAULT_MARGIN_A,
    KIND_SIMULATED,
    MAIN_CIRCUIT,
    SUBENTRY_CHARGER,
    SYSTEM_THREE_PHASE,
)
from ..simulated_tariffs import simulated_tariffs
from ..simulator import default_site
from .checks import LEAST_CURRENT_A

MAIN_FUSE_A = 25.0


def simulated_data(port: int) -> dict[str, Any]:
    """Return the data of a simulated site whose chargers connect to this port."""
    return {
        CONF_KIND: KIND_SIMULATED,
        CONF_SYSTEM: SYSTEM_THREE_PHASE,
        CONF_VOLTAGE: 230.0,
        CONF_MAIN_FUSE: MAIN_FUSE_A,
        CONF_MARGIN: DEFAULT_MARGIN_A,
        CONF_PORT: port,
    }


def simulated_subentries() -> list[ConfigSubentryData]:
    """Return the chargers and the tariffs of a simulated site."""
    chargers = [
        ConfigSubentryData(
            data={
                CONF_IDENTITY: charger.identity,
                CONF_CIRCUIT: MAIN_CIRCUIT,
                CONF_L1_PHASE: f"L{charger.l1 + 1}",
                CONF_PHASES: charger.phases,
                CONF_MIN_CURRENT: LEAST_CURRENT_A,
                CONF_MAX_CURRENT: min(charger.max_a, MAIN_FUSE_A),
                CONF_FAIL_SAFE_CURRENT: LEAST_CURRENT_A,
            },
            subentry_type=SUBENTRY_CHARGER,
            title=charger.name,
            unique_id=charger.identity,
        )
        for charger in default_site().chargers
    ]
    return chargers + simulated_tariffs()
