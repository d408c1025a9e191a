"""OCPP 2.x: charging profiles, and dynamic ones, whose limit is changed by a message of its own."""

import logging

from ..protocol.frames import Payload
from ..protocol.requests import Requests
from ..station.station_interface import StationInterface
from ..station_commands import Limit
from ..station_state import CommandError
from .evses import Evses2

_LOGGER = logging.getLogger(__name__)


class Profiles2:
    """Sets the charging profiles of one connected station."""

    def __init__(
        self,
        requests: Requests,
        station: StationInterface,
        evses: Evses2,
        *,
        version: str,
    ) -> None:
        """Use the features of this version."""
        self._requests = requests
        self._station = station
        self._evses = evses
        self._version = version
        # Which connectors have a dynamic profile: for which transaction, on how many phases.
        self._dynamic: dict[int, tuple[str | None, int | None]] = {}

    async def set(self, connector: int, profile: Payload) -> None:
        """Set a profile of OCPP 1.6 for a connector or (0) all of them.

        Raises:
            CommandError: the station refused it, or could not be asked.

        """
        evse = self._evses.place_of(connector)[0] if connector else 0
        profile = self.translated(profile)
        payload = {"evseId": evse, "chargingProfile": profile}
        unsure = (
            "maxOfflineDuration" in profile and not self._station.shape.lapses_offline
        )
        try:
            await self._requests.command("SetChargingProfile", payload)
        except CommandError as err:
            if err.key != "refused" or not unsure:
                raise
            # A station that does not know these fields may refuse the whole profile because of them.
            del profile["maxOfflineDuration"], profile["invalidAfterOfflineDuration"]
            await self._requests.command("SetChargingProfile", payload)
            self._station.variables["SupportsMaxOfflineDuration"] = "false"

    async def clear(self, purpose: str) -> None:
        """Clear all profiles of a purpose; having none is no error."""
        payload = {"chargingProfileCriteria": {"chargingProfilePurpose": purpose}}
        await self._requests.call("ClearChargingProfile", payload)

    def translated(self, profile: Payload) -> Payload:
        """Return a profile of OCPP 1.6 as one of 2.x."""
        profile = dict(profile)
        schedule = {"id": profile["chargingProfileId"], **profile["chargingSchedule"]}
        if self._station.shape.selects_phase:
            # The single phase that is assumed is the station's first.
            schedule["chargingSchedulePeriod"] = [
                {**period, "phaseToUse": 1}
                if period.get("numberPhases") == 1
                else period
                for period in schedule["chargingSchedulePeriod"]
            ]
        profile["id"] = profile.pop("chargingProfileId")
        if profile["chargingProfilePurpose"] == "ChargePointMaxProfile":
            profile["chargingProfilePurpose"] = "ChargingStationMaxProfile"
        profile["chargingSchedule"] = [schedule]
        lapses = "duration" in schedule
        says = self._station.shape.lapses_offline
        if self._version == "2.1" and lapses and says is not False:
            # The station drops it by itself when it loses its connection to us (OCPP 2.1 K01).
            profile["maxOfflineDuration"] = self._station.config.expiry_s
            profile["invalidAfterOfflineDuration"] = True
        return profile

    # Dynamic profiles: they lapse by themselves after their last change (OCPP 2.1 K28)

    async def limit_dynamically(
        self, connector: int, transaction_id: str | None, limit: Limit
    ) -> bool:
        """Limit a transaction by a dynamic profile; returns whether the station has such profiles and accepted it.

        Raises:
            CommandError: the station could not be asked.

        """
        if transaction_id is None or not self._station.shape.dynamic:
            return False
        try:
            await self._set_or_update(connector, transaction_id, limit)
        except CommandError as err:
            if err.key == "not_connected":
                raise
            _LOGGER.debug("%s: dynamic profile: %s", self._station.identity, err)
            self._station.variables["SupportsDynamicProfiles"] = "false"
            return False
        return True

    async def _set_or_update(
        self, connector: int, transaction_id: str, limit: Limit
    ) -> None:
        shape = self._station.shape
        held = (transaction_id, limit.phases)
        if self._dynamic.get(connector) == held and await self._update(
            shape.live_id(connector), shape.value(limit)
        ):
            return
        self._dynamic.pop(connector, None)
        profile = shape.live(connector, limit, transaction_id)
        profile["chargingProfileKind"] = "Dynamic"
        # It counts from when it was accepted or last changed, whatever the station's clock shows.
        del profile["chargingSchedule"]["startSchedule"]
        profile["chargingSchedule"]["duration"] = self._station.config.expiry_s
        await self.set(connector, profile)
        self._dynamic[connector] = held

    async def _update(self, profile_id: int, value: float) -> bool:
        """Change the limit of a dynamic profile; returns whether the station accepted that."""
        payload = {"chargingProfileId": profile_id, "scheduleUpdate": {"limit": value}}
        try:
            await self._requests.command("UpdateDynamicSchedule", payload)
        except CommandError as err:
            if err.key == "not_connected":
                raise
            _LOGGER.debug("%s: %s", self._station.identity, err)
            return False
        return True

    def set_anew(self, connector: int) -> None:
        """Set the next limit of a connector as a whole profile."""
        self._dynamic.pop(connector, None)
