"""The cars of a simulated site, and when their drivers leave."""

from collections.abc import Mapping

from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import callback

from ...const import (
    CONF_CAPACITY_KWH,
    CONF_MAX_CURRENT,
    CONF_PHASES,
    CONF_USUAL_CONNECTOR,
    SUBENTRY_VEHICLE,
    WH_PER_KWH,
)
from ...simulator import default_site
from ..cars.departures import Departures
from ..cars.vehicles import Vehicles
from ..outcome import ConnectorKey

# A guest charges in the street.
VEHICLE_NAMES = {
    "SIM-GARAGE": "simulated_garage_car",
    "SIM-CARPORT": "simulated_carport_car",
}
_SEVEN, _HALF_PAST_EIGHT = 420, 510


def simulated_vehicles(sentences: Mapping[str, str]) -> list[ConfigSubentryData]:
    """Return the cars that are at home, with names in the user's language."""
    return [
        ConfigSubentryData(
            data={
                CONF_CAPACITY_KWH: charger.car.battery_wh / WH_PER_KWH,
                CONF_MAX_CURRENT: charger.car.max_a,
                CONF_PHASES: charger.car.phases,
                CONF_USUAL_CONNECTOR: ConnectorKey(
                    identity=charger.identity, connector=1
                ).id,
            },
            subentry_type=SUBENTRY_VEHICLE,
            title=sentences[VEHICLE_NAMES[charger.identity]],
            unique_id=None,
        )
        for charger in default_site().chargers
        if charger.identity in VEHICLE_NAMES
    ]


@callback
def set_first_departures(departures: Departures, vehicles: Vehicles) -> None:
    """Let the cars leave in the morning, one after the other, unless somebody set something."""
    if departures.owners:
        return
    for number, vehicle in enumerate(vehicles):
        minute = _HALF_PAST_EIGHT if number else _SEVEN
        for weekday in range(7):
            departures.set_day(vehicle.id, weekday, minute=minute)
