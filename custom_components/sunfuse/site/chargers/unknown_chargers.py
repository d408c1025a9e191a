"""Shows unknown chargers as discovered: few at a time, and only while they are connected."""

from datetime import datetime

from homeassistant.config_entries import SOURCE_INTEGRATION_DISCOVERY, ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import discovery_flow
from homeassistant.helpers.event import async_call_later

from ...central_system.station_state import StationState
from ...const import CONF_IDENTITY, DOMAIN

# More than are installed in a day. A client could make up thousands of names.
MOST_CARDS = 16
# A charger that is being installed loses its network now and then.
GONE_S = 600.0


class UnknownChargers:
    """The discovery flows of unknown chargers of one site."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Start with none."""
        self._hass = hass
        self._entry = entry
        # By identity, the ones shown first in front; with the timer that removes it, if its charger is gone.
        self._shown: dict[str, CALLBACK_TYPE | None] = {}

    @callback
    def changed(self, station: StationState) -> None:
        """Note the state of an unknown charger."""
        if not station.connected:
            self._leaves(station.identity)
        elif station.info.vendor:
            self._show(station)

    @callback
    def known(self, identity: str) -> None:
        """Note that a charger was accepted: the user has completed its flow."""
        if cancel := self._shown.pop(identity, None):
            cancel()

    @callback
    def stop(self) -> None:
        """Remove all flows: chargers that are still connected are discovered again."""
        for identity in tuple(self._shown):
            self._take_away(identity)

    def _show(self, station: StationState) -> None:
        if station.identity in self._shown:
            if cancel := self._shown.pop(station.identity):
                cancel()
            self._shown[station.identity] = None
            return
        if len(self._shown) >= MOST_CARDS:
            gone = next((name for name, cancel in self._shown.items() if cancel), None)
            if gone is None:
                return
            self._take_away(gone)
        self._shown[station.identity] = None
        discovery_flow.async_create_flow(
            self._hass,
            DOMAIN,
            context={"source": SOURCE_INTEGRATION_DISCOVERY},
            data={
                "entry_id": self._entry.entry_id,
                CONF_IDENTITY: station.identity,
                "vendor": station.info.vendor,
                "model": station.info.model,
                "serial": station.info.serial,
            },
        )

    def _leaves(self, identity: str) -> None:
        if identity not in self._shown or self._shown[identity] is not None:
            return

        @callback
        def take_away(_now: datetime) -> None:
            self._take_away(identity)

        self._shown[identity] = async_call_later(self._hass, GONE_S, take_away)

    def _take_away(self, identity: str) -> None:
        """Remove a flow, unless its user has gone on to the next steps."""
        self.known(identity)
        flows = self._hass.config_entries.flow
        for flow in flows.async_progress_by_handler(
            DOMAIN, match_context={"unique_id": f"{self._entry.entry_id}_{identity}"}
        ):
            if flow["step_id"] == "charger":
                flows.async_abort(flow["flow_id"])
