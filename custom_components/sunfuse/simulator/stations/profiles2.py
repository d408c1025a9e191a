"""Smart charging of an OCPP 2.x charging station (part 2, section K)."""

from collections.abc import Callable
from dataclasses import replace

from .device_model import DeviceModel
from .message_schemas import Payload
from .profile_stack import ProfileKind, ProfilePurpose
from .received_profiles import read_profile
from .simulated_connector import SimulatedConnector
from .simulated_station import SimulatedStation

_PURPOSES = {
    "ChargingStationExternalConstraints": ProfilePurpose.EXTERNAL,
    "ChargingStationMaxProfile": ProfilePurpose.STATION_MAX,
    "TxDefaultProfile": ProfilePurpose.TX_DEFAULT,
    "TxProfile": ProfilePurpose.TX,
}
_ACCEPTED: Payload = {"status": "Accepted"}


def _rejected(reason: str) -> Payload:
    return {"status": "Rejected", "statusInfo": {"reasonCode": reason}}


class ProfileRequests2:
    """The handlers, by action."""

    def __init__(self, station: SimulatedStation, model: DeviceModel) -> None:
        """Answer for this station, with its variables."""
        self._station = station
        self._model = model
        self._sent: dict[int, Payload] = {}  # profiles as received, to be reported
        self.handlers: dict[str, Callable[[Payload], Payload]] = {
            "ClearChargingProfile": self._clear,
            "GetChargingProfiles": self._get_profiles,
            "GetCompositeSchedule": self._get_composite_schedule,
            "SetChargingProfile": self._set,
            "UpdateDynamicSchedule": self._update_dynamic_schedule,
        }

    def install(self, evse_id: int, sent: Payload) -> None:
        """Install a profile."""
        station = self._station
        profile = read_profile(sent, evse_id, _PURPOSES, station.now())
        station.profiles.install(profile)
        self._sent[sent["id"]] = sent

    def _set(self, payload: Payload) -> Payload:
        evse_id, sent = payload["evseId"], payload["chargingProfile"]
        if reason := self._objection(evse_id, sent):
            return _rejected(reason)
        self.install(evse_id, sent)
        connector = self._station.connector(evse_id)
        if (
            connector
            and connector.transaction
            and sent["chargingProfilePurpose"] == "TxProfile"
            and self._station.spec.cars[evse_id - 1].iso15118
        ):
            self._send(
                "NotifyEVChargingSchedule",
                {
                    "timeBase": self._station.now().isoformat(),
                    "evseId": evse_id,
                    "chargingSchedule": sent["chargingSchedule"][0],
                },
            )
        return _ACCEPTED

    def _objection(self, evse_id: int, sent: Payload) -> str | None:
        """Return the reason code why a profile is refused, if it is."""
        station, model = self._station, self._model
        schedule, purpose = sent["chargingSchedule"][0], sent["chargingProfilePurpose"]
        connector = self._station.connector(evse_id)
        periods = schedule["chargingSchedulePeriod"]
        if purpose in station.character.behaviour.refuses_purposes:
            return "UnsupportedPurpose"
        if purpose not in _PURPOSES or sent["chargingProfileKind"] not in list(
            ProfileKind
        ):
            return "UnsupportedParam"
        if evse_id and connector is None:
            return "UnknownEvse"
        if sent["stackLevel"] > model.number("SmartChargingCtrlr.ProfileStackLevel"):
            return "InvalidStackLevel"
        if schedule["chargingRateUnit"] not in model.text(
            "SmartChargingCtrlr.RateUnit"
        ).split(","):
            return "UnsupportedRateUnit"
        most = model.number("SmartChargingCtrlr.PeriodsPerSchedule")
        if len(periods) > most or periods[0]["startPeriod"]:
            return "InvalidSchedule"
        if sent["chargingProfileKind"] == ProfileKind.DYNAMIC and (
            self._station.uplink.version != "2.1"
            or len(periods) > 1
            or "startSchedule" in schedule
        ):
            return "InvalidProfile"
        if purpose == "ChargingStationMaxProfile" and evse_id:
            return "InvalidValue"
        if purpose == "TxProfile":
            transaction = connector.transaction if connector else None
            wanted = sent.get("transactionId")
            # K01.FR.03: a TxProfile names the transaction that it is for.
            if transaction is None or wanted is None or transaction.id != wanted:
                return "TxNotFound"
        return None

    def _clear(self, payload: Payload) -> Payload:
        criteria = payload.get("chargingProfileCriteria", {})
        purpose = criteria.get("chargingProfilePurpose")
        found = self._station.profiles.clear(
            profile_id=payload.get("chargingProfileId"),
            connector=criteria.get("evseId"),
            purpose=_PURPOSES[purpose] if purpose else None,
            stack_level=criteria.get("stackLevel"),
        )
        return {"status": "Accepted" if found else "Unknown"}

    def _get_profiles(self, payload: Payload) -> Payload:
        criteria = payload["chargingProfile"]
        ids = criteria.get("chargingProfileId")
        found: dict[int, list[Payload]] = {}
        for profile in self._station.profiles.profiles:
            sent = self._sent[profile.id]
            if (
                payload.get("evseId") in (None, profile.connector)
                and (ids is None or profile.id in ids)
                and criteria.get("stackLevel") in (None, profile.stack_level)
                and criteria.get("chargingProfilePurpose")
                in (None, sent["chargingProfilePurpose"])
            ):
                found.setdefault(profile.connector, []).append(sent)
        if not found:
            return {"status": "NoProfiles"}
        for part, (evse_id, profiles) in enumerate(found.items(), start=1):
            self._send(
                "ReportChargingProfiles",
                {
                    "requestId": payload["requestId"],
                    "chargingLimitSource": "CSO",
                    "evseId": evse_id,
                    "chargingProfile": profiles,
                    "tbc": part < len(found),
                },
            )
        return _ACCEPTED

    def _get_composite_schedule(self, payload: Payload) -> Payload:
        station = self._station
        evse_id = payload["evseId"]
        connector = self._station.connector(evse_id) or SimulatedConnector(id=0)
        if connector.id != evse_id:
            return _rejected("UnknownEvse")
        now = station.now()
        unit = payload.get("chargingRateUnit", "A")
        return {
            "status": "Accepted",
            "schedule": {
                "evseId": evse_id,
                "duration": payload["duration"],
                "scheduleStart": now.isoformat(),
                "chargingRateUnit": unit,
                "chargingSchedulePeriod": station.schedule_periods(
                    connector, now, payload["duration"], unit
                ),
            },
        }

    def _update_dynamic_schedule(self, payload: Payload) -> Payload:
        """Change the limit of a dynamic profile (OCPP 2.1)."""
        stack = self._station.profiles
        limit = payload["scheduleUpdate"].get("limit")
        for profile in stack.profiles:
            if profile.id == payload["chargingProfileId"]:
                if profile.kind is not ProfileKind.DYNAMIC or limit is None:
                    return _rejected("InvalidProfile")
                period = replace(profile.schedule.periods[0], limit=float(limit))
                schedule = replace(profile.schedule, periods=(period,))
                stack.install(
                    replace(
                        profile, schedule=schedule, installed_at=self._station.now()
                    )
                )
                return _ACCEPTED
        return _rejected("UnknownProfile")

    def _send(self, action: str, payload: Payload) -> None:
        self._station.uplink.say(action, lambda: payload)
