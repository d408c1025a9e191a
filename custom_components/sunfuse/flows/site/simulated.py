"""The configuration of a simulated site."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import ConfigSubentryData, ConfigSubentryDataWithId
from homeassistant.util.ulid import ulid_now

from ...const import (
    CONF_ASSUMED_LOAD,
    CONF_CIRCUIT,
    CONF_FAIL_SAFE_CURRENT,
    CONF_IDENTITY,
    CONF_KIND,
    CONF_L1_PHASE,
    CONF_LIMIT,
    CONF_MAIN_FUSE,
    CONF_MARGIN,
    CONF_MAX_CURRENT,
    CONF_MIN_CURRENT,
    CONF_PARENT,
    CONF_PHASES,
    CONF_PORT,
    CONF_SYSTEM,
    CONF_VOLTAGE,
    DEFAULT_MARGIN_A,
    KIND_SIMULATED,
    MAIN_CIRCUIT,
    SUBENTRY_CHARGER,
    SUBENTRY_CIRCUIT,
    SYSTEM_THREE_PHASE,
)
from ...simulator import default_site
from ...site.simulated.simulated_tariffs import simulated_tariffs
from ...site.simulated.simulated_vehicles import simulated_vehicles
from ..checks import LEAST_CURRENT_A

MAIN_FUSE_A = 25.0
PANEL_A = 20.0
IN_THE_PANEL = ("SIM-CARPORT", "SIM-STREET")
CHARGER_NAMES = {
    "SIM-GARAGE": "simulated_garage",
    "SIM-CARPORT": "simulated_carport",
    "SIM-STREET": "simulated_street",
}


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


def simulated_subentries(sentences: Mapping[str, str]) -> list[ConfigSubentryData]:
    """Return the chargers, their sub-panel and the tariffs of a simulated site, with names in the user's language."""
    panel = ConfigSubentryDataWithId(
        data={
            CONF_PARENT: MAIN_CIRCUIT,
            CONF_LIMIT: PANEL_A,
            CONF_MARGIN: DEFAULT_MARGIN_A,
            # Besides the chargers there are only lights, and no meter.
            CONF_ASSUMED_LOAD: 1.0,
        },
        subentry_type=SUBENTRY_CIRCUIT,
        title=sentences["simulated_panel"],
        unique_id=None,
        subentry_id=ulid_now(),
    )
    limits_a = {True: PANEL_A, False: MAIN_FUSE_A}
    chargers = [
        ConfigSubentryData(
            data={
                CONF_IDENTITY: charger.identity,
                CONF_CIRCUIT: (
                    panel["subentry_id"]
                    if charger.identity in IN_THE_PANEL
                    else MAIN_CIRCUIT
                ),
                CONF_L1_PHASE: f"L{charger.l1 + 1}",
                CONF_PHASES: charger.phases,
                CONF_MIN_CURRENT: LEAST_CURRENT_A,
                CONF_MAX_CURRENT: min(
                    charger.max_a, limits_a[charger.identity in IN_THE_PANEL]
                ),
                CONF_FAIL_SAFE_CURRENT: LEAST_CURRENT_A,
            },
            subentry_type=SUBENTRY_CHARGER,
            title=sentences[CHARGER_NAMES[charger.identity]],
            unique_id=charger.identity,
        )
        for charger in default_site().chargers
    ]
    return [
        panel,
        *chargers,
        *simulated_vehicles(sentences),
        *simulated_tariffs(sentences),
    ]
