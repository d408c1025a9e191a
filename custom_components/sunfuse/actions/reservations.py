"""Actions of reservations: a connector for a card, and what its driver is promised."""

import voluptuous as vol

from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_register_admin_service
from homeassistant.util import dt as dt_util

from ..central_system.security.card_policy import folded
from ..central_system.station_state import CommandError
from ..const import DOMAIN, WH_PER_KWH
from ..drivers.demand import Promise
from ..site.cars.departures import CardReservation
from ..site.cars.driver_words import check_ahead
from .chargers import command_errors
from .targets import connector_of_device
from .values import ENERGY_KWH, POSITIVE_INT, ActionSchema, moment, text

# An idToken of OCPP 2.1; earlier versions have shorter ones.
_LONGEST_CARD = 255
RESERVE = ActionSchema(
    {
        vol.Required(ATTR_DEVICE_ID): cv.string,
        vol.Required("reservation_id"): POSITIVE_INT,
        vol.Required("card"): text(least=1, most=_LONGEST_CARD),
        vol.Required("until"): moment,
        vol.Optional("energy"): ENERGY_KWH,
        vol.Optional("departure"): moment,
    }
)
CANCEL_RESERVATION = ActionSchema(
    {
        vol.Required(ATTR_DEVICE_ID): cv.string,
        vol.Required("reservation_id"): POSITIVE_INT,
    }
)


async def _reserve(call: ServiceCall) -> None:
    entry, key = connector_of_device(call.hass, call.data[ATTR_DEVICE_ID])
    runtime = entry.runtime_data
    check_ahead(call.data["until"])
    promise = _promise(call)
    station = runtime.central_system.stations[key.identity]
    connector = key.connector
    config = station.config
    if not connector and config.connectors == 1 and not config.more_connectors:
        # Many stations do not support reserving connector 0, which means any connector
        # (ReserveConnectorZeroSupported).
        connector = 1
    number, until = call.data["reservation_id"], call.data["until"]
    with command_errors():
        adapter = await station.in_service()
        await adapter.reserve(number, connector, call.data["card"], until)
    runtime.departures.reserve(
        CardReservation(
            identity=key.identity,
            connector=connector,
            id=number,
            token=folded(call.data["card"]),
            since=dt_util.utcnow(),
            until=until,
            promise=promise,
        ),
        dt_util.utcnow(),
    )


async def _cancel(call: ServiceCall) -> None:
    entry, key = connector_of_device(call.hass, call.data[ATTR_DEVICE_ID])
    runtime, number = entry.runtime_data, call.data["reservation_id"]
    departures = runtime.departures
    with command_errors():
        station = runtime.central_system.stations[key.identity]
        adapter = await station.in_service()
        try:
            await adapter.cancel_reservation(number)
        except CommandError as err:
            # A charger refuses what it does not know. If it has forgotten it, as by a restart, there is nothing left to cancel.
            if err.key != "refused" or not departures.has(key.identity, number):
                raise
    promise = departures.cancel(key.identity, number)
    if promise is not None:
        runtime.car_sessions.withdraw(key.identity, promise)
        runtime.controller.tick()


@callback
def async_setup_reservation_actions(hass: HomeAssistant) -> None:
    """Register the actions. They reach into other people's chargers, so they are for administrators."""

    for name, run, schema in (
        ("reserve", _reserve, RESERVE),
        ("cancel_reservation", _cancel, CANCEL_RESERVATION),
    ):
        async_register_admin_service(hass, DOMAIN, name, run, schema=schema)


def _promise(call: ServiceCall) -> Promise | None:
    """Return what the driver is promised.

    Raises:
        ServiceValidationError: the time has passed, or is too far ahead, or half of the promise is missing.

    """
    if ("energy" in call.data) is not ("departure" in call.data):
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="promise_incomplete"
        )
    if "energy" not in call.data:
        return None
    check_ahead(call.data["departure"])
    return Promise(
        departure=call.data["departure"], energy_wh=call.data["energy"] * WH_PER_KWH
    )
