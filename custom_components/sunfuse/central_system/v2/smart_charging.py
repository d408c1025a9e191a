"""OCPP 2.x: what a station reports about limits and about what cars need."""

from collections.abc import Mapping

from ..onboarding.incoming_requests import ActionHandler
from ..protocol.frames import Payload
from ..station.clock import parse_time
from ..station.limits.charger_limits import WHOLE, ChargerLimit
from ..station.station_interface import StationInterface
from ..station_state import ChargingNeeds
from .charging_profiles import Profiles2
from .evses import Evses2

_PHASES = {"AC_single_phase": 1, "AC_two_phase": 2, "AC_three_phase": 3}


def _real(current_a: float | None) -> float | None:
    """Return a valid maximum current of a car, None if it left that at zero."""
    return current_a if current_a is not None and current_a > 0 else None


def _first_of(*values: float | None) -> float | None:
    """Return the first known value."""
    return next((value for value in values if value is not None), None)


class SmartCharging2:
    """Takes in what one connected station reports of smart charging (part 2, section K)."""

    def __init__(
        self, station: StationInterface, evses: Evses2, profiles: Profiles2
    ) -> None:
        """Report to the station."""
        self._station = station
        self._evses = evses
        self._profiles = profiles
        self.by_action: Mapping[str, ActionHandler] = {
            "ClearedChargingLimit": self._cleared_limit,
            "NotifyChargingLimit": self._charging_limit,
            "NotifyEVChargingNeeds": self._charging_needs,
            "NotifyPriorityCharging": self._priority,
            "PullDynamicScheduleUpdate": self._pull_schedule,
        }

    def _charging_limit(self, payload: Payload) -> Payload:
        """Note a limit that is not ours; one without a schedule says only that there is one."""
        station = self._station
        schedules = []
        for schedule in payload.get("chargingSchedule", []):
            start = station.now()
            if "startSchedule" in schedule:
                start = station.clock.ours(parse_time(schedule["startSchedule"]))
            schedules.append((start, station.shape.read(schedule)))
        station.limits.reported_external(
            self._evse_or_whole(payload),
            payload["chargingLimit"]["chargingLimitSource"],
            ChargerLimit(schedules=tuple(schedules)),
        )
        return {}

    def _cleared_limit(self, payload: Payload) -> Payload:
        connector = self._evse_or_whole(payload) if "evseId" in payload else None
        self._station.limits.cleared_external(connector, payload["chargingLimitSource"])
        return {}

    def _evse_or_whole(self, payload: Payload) -> int:
        evse = payload.get("evseId", 0)
        return self._evses.connector_of(evse) if evse else WHOLE

    def _priority(self, payload: Payload) -> Payload:
        """Note that the driver requests maximum power, or no longer does."""
        station = self._station
        for state in station.state.connectors:
            transaction = state.transaction
            if transaction and transaction.id == payload["transactionId"]:
                station.connectors.reported_priority(state.id, on=payload["activated"])
        return {}

    def _pull_schedule(self, payload: Payload) -> Payload:
        """Answer with the present limit of a dynamic profile."""
        station = self._station
        connector = station.shape.connector_of(payload["chargingProfileId"])
        limit = station.limits.current(connector)
        if limit is None:
            return {"status": "Rejected"}
        update = {"limit": station.shape.value(limit)}
        return {"status": "Accepted", "scheduleUpdate": update}

    def _charging_needs(self, payload: Payload) -> Payload:
        station, needs = self._station, payload["chargingNeeds"]
        ac = needs.get("acChargingParameters", {})
        dc = needs.get("dcChargingParameters", {})
        v2x = needs.get("v2xChargingParameters", {})
        departure = needs.get("departureTime")
        connector = self._evses.connector_of(payload["evseId"])
        self._profiles.set_anew(
            connector
        )  # the car waits for a whole schedule (K15.FR.07)
        max_power_w = _first_of(
            v2x.get("maxChargePower"),
            dc.get("evMaxPower"),
        )
        scheduled = station.connectors.reported_needs(
            connector,
            ChargingNeeds(
                at=station.now(),
                departure=departure and station.clock.ours(parse_time(departure)),
                energy_wh=_first_of(
                    ac.get("energyAmount"),
                    dc.get("energyAmount"),
                    v2x.get("evTargetEnergyRequest"),
                ),
                min_a=ac.get("evMinCurrent"),
                max_a=_real(
                    _first_of(ac.get("evMaxCurrent"), self._amperes(max_power_w))
                ),
                phases=_PHASES.get(needs["requestedEnergyTransfer"]),
                max_power_w=max_power_w,
                soc=dc.get("stateOfCharge"),
                capacity_wh=dc.get("evEnergyCapacity"),
            ),
        )
        return {"status": "Accepted" if scheduled else "Processing"}

    def _amperes(self, power_w: float | None) -> float | None:
        """Return the current of a power per phase of the station: DC currents are behind its rectifier."""
        config = self._station.config
        if power_w is None:
            return None
        return power_w / config.voltage_v / config.phases
