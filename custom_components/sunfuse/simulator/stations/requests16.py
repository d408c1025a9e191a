"""What an OCPP 1.6J charge point answers to the central system's requests."""

from collections.abc import Callable
from datetime import datetime

from .card_list import CardList
from .configuration import Configuration
from .message_schemas import Payload
from .profile_stack import Profile, ProfilePurpose
from .received_profiles import read_profile
from .simulated_connector import Reservation, SimulatedConnector
from .simulated_station import SimulatedStation

_PURPOSES = {
    "ChargePointMaxProfile": ProfilePurpose.STATION_MAX,
    "TxDefaultProfile": ProfilePurpose.TX_DEFAULT,
    "TxProfile": ProfilePurpose.TX,
}
_ACCEPTED: Payload = {"status": "Accepted"}
_REJECTED: Payload = {"status": "Rejected"}
# Refusals whose answer has no status `Rejected`.
_REFUSALS = {
    "ClearChargingProfile": "Unknown",
    "UnlockConnector": "UnlockFailed",
    "TriggerMessage": "Rejected",
    "SendLocalList": "Failed",
}


class Requests16:
    """The handlers, by action."""

    def __init__(
        self,
        point: SimulatedStation,
        configuration: Configuration,
        cards: CardList,
    ) -> None:
        """Answer for this charge point, with its configuration keys and its list of cards."""
        self._point = point
        self._configuration = configuration
        self._cards = cards
        self.handlers: dict[str, Callable[[Payload], Payload]] = {
            "CancelReservation": self._cancel_reservation,
            "ChangeAvailability": self._change_availability,
            "ChangeConfiguration": self._change_configuration,
            "ClearCache": self._clear_cache,
            "ClearChargingProfile": self._clear_charging_profile,
            "DataTransfer": self._data_transfer,
            "GetCompositeSchedule": self._get_composite_schedule,
            "GetConfiguration": self._get_configuration,
            "GetDiagnostics": self._get_diagnostics,
            "GetLocalListVersion": self._get_local_list_version,
            "RemoteStartTransaction": self._remote_start,
            "RemoteStopTransaction": self._remote_stop,
            "ReserveNow": self._reserve_now,
            "Reset": self._reset,
            "SendLocalList": self._send_local_list,
            "SetChargingProfile": self._set_charging_profile,
            "TriggerMessage": self._trigger_message,
            "UnlockConnector": self._unlock_connector,
            "UpdateFirmware": self._update_firmware,
        }

    def refuse(self, action: str) -> Payload:
        """Return an answer that refuses."""
        return {"status": _REFUSALS.get(action, "Rejected")}

    def _addressed(self, connector_id: int) -> tuple[SimulatedConnector, ...]:
        """Return a connector, or all for 0."""
        if connector_id == 0:
            return self._point.connectors
        connector = self._point.connector(connector_id)
        return (connector,) if connector else ()

    # --- Core ----------------------------------------------------------------------------------------------------

    def _change_availability(self, payload: Payload) -> Payload:
        addressed = self._addressed(payload["connectorId"])
        if not addressed:
            return _REJECTED
        operative = payload["type"] == "Operative"
        return {"status": self._point.set_operative(addressed, operative=operative)}

    def _change_configuration(self, payload: Payload) -> Payload:
        status = self._configuration.change(payload["key"], payload["value"])
        if status == "Accepted" and payload["key"] == "HeartbeatInterval":
            self._point.uplink.heartbeat_interval_s = float(payload["value"]) or 300.0
        if status == "Accepted" and payload["key"] == "AuthorizationKey":
            self._point.uplink.password = payload["value"]
        return {"status": status}

    def _get_configuration(self, payload: Payload) -> Payload:
        self._point.uplink.asked_for_configuration()
        keys = self._configuration.keys
        wanted = payload.get("key") or list(keys)
        known = []
        for name in (name for name in wanted if name in keys):
            entry: Payload = {"key": name, "readonly": keys[name].readonly}
            if not keys[name].hidden:
                entry["value"] = keys[name].value
            known.append(entry)
        answer: Payload = {"configurationKey": known}
        if unknown := [name for name in wanted if name not in keys]:
            answer["unknownKey"] = unknown
        return answer

    def _clear_cache(self, _payload: Payload) -> Payload:
        return _ACCEPTED

    def _data_transfer(self, _payload: Payload) -> Payload:
        return {"status": "UnknownVendorId"}

    def _remote_start(self, payload: Payload) -> Payload:
        wanted = payload.get("connectorId")
        free = [
            connector
            for connector in self._point.connectors
            if wanted in (None, connector.id)
            and connector.operative
            and not connector.transaction
            and not connector.fault
            and (
                not connector.reservation
                or connector.reservation.id_tag == payload["idTag"]
            )
        ]
        if not free:
            return _REJECTED
        free.sort(key=lambda connector: not connector.reading.plugged)
        connector = free[0]
        if profile := payload.get("chargingProfile"):
            if profile["chargingProfilePurpose"] != "TxProfile":
                return _REJECTED
            self._point.profiles.install(self._read(profile, connector.id))
        if self._configuration.boolean("AuthorizeRemoteTxRequests"):
            self._point.authorise(connector, payload["idTag"])
        else:
            self._point.allow(connector, payload["idTag"])
        return _ACCEPTED

    def _remote_stop(self, payload: Payload) -> Payload:
        for connector in self._point.connectors:
            transaction = connector.transaction
            if transaction and transaction.id == str(payload["transactionId"]):
                self._point.stop(connector, "Remote")
                return _ACCEPTED
        return _REJECTED

    def _reset(self, payload: Payload) -> Payload:
        self._point.uplink.restart(payload["type"])
        return _ACCEPTED

    def _unlock_connector(self, payload: Payload) -> Payload:
        connector = self._point.connector(payload["connectorId"])
        if connector is None:
            return {"status": "NotSupported"}
        self._point.stop(connector, "UnlockCommand")
        return {"status": "Unlocked"}

    # --- Smart charging ------------------------------------------------------------------------------------------

    def _read(self, sent: Payload, connector: int) -> Profile:
        return read_profile(sent, connector, _PURPOSES, self._point.now())

    def _set_charging_profile(self, payload: Payload) -> Payload:
        sent = payload["csChargingProfiles"]
        profile = self._read(sent, payload["connectorId"])
        refused = self._point.character.behaviour.refuses_purposes
        if sent["chargingProfilePurpose"] in refused:
            return _REJECTED
        if not self._acceptable(profile):
            return _REJECTED
        self._point.profiles.install(profile)
        return _ACCEPTED

    def _acceptable(self, profile: Profile) -> bool:
        """Check a profile by OCPP 1.6 sections 3.13 and 5.16, and by what this charge point supports."""
        keys = self._configuration
        periods = profile.schedule.periods
        unit = {"A": "Current", "W": "Power"}[profile.schedule.unit]
        if (
            profile.stack_level > keys.number("ChargeProfileMaxStackLevel")
            or len(periods) > keys.number("ChargingScheduleMaxPeriods")
            or not periods
            or periods[0].start_s != 0
            or unit not in keys.text("ChargingScheduleAllowedChargingRateUnit")
            or not self._addressed(profile.connector)
        ):
            return False
        if profile.purpose is ProfilePurpose.STATION_MAX:
            return profile.connector == 0
        if profile.purpose is ProfilePurpose.TX:
            connector = self._point.connector(profile.connector)
            transaction = connector.transaction if connector else None
            return transaction is not None and profile.transaction in (
                None,
                transaction.id,
            )
        return True

    def _clear_charging_profile(self, payload: Payload) -> Payload:
        purpose = payload.get("chargingProfilePurpose")
        found = self._point.profiles.clear(
            profile_id=payload.get("id"),
            connector=payload.get("connectorId"),
            purpose=_PURPOSES[purpose] if purpose else None,
            stack_level=payload.get("stackLevel"),
        )
        return {"status": "Accepted" if found else "Unknown"}

    def _get_composite_schedule(self, payload: Payload) -> Payload:
        point = self._point
        connector_id = payload["connectorId"]
        connector = point.connector(connector_id) or SimulatedConnector(id=0)
        if connector_id and connector.id != connector_id:
            return _REJECTED
        now = point.now()
        unit = payload.get("chargingRateUnit", "A")
        return {
            "status": "Accepted",
            "connectorId": connector_id,
            "scheduleStart": now.isoformat(),
            "chargingSchedule": {
                "duration": payload["duration"],
                "startSchedule": now.isoformat(),
                "chargingRateUnit": unit,
                "chargingSchedulePeriod": point.schedule_periods(
                    connector, now, payload["duration"], unit
                ),
            },
        }

    # --- Local list, reservation, remote trigger, firmware --------------------------------------------------

    def _get_local_list_version(self, _payload: Payload) -> Payload:
        return {"listVersion": self._cards.version}

    def _send_local_list(self, payload: Payload) -> Payload:
        entries = payload.get("localAuthorizationList", [])
        if len(entries) > self._configuration.number("SendLocalListMaxLength"):
            return {"status": "Failed"}
        is_newer = self._cards.update(
            payload["listVersion"],
            (
                (entry["idTag"], entry.get("idTagInfo", {}).get("status"))
                for entry in entries
            ),
            full=payload["updateType"] == "Full",
        )
        return _ACCEPTED if is_newer else {"status": "VersionMismatch"}

    def _reserve_now(self, payload: Payload) -> Payload:
        connector = self._point.connector(payload["connectorId"])
        if connector is None:
            return _REJECTED
        reservation = Reservation(
            id=payload["reservationId"],
            id_tag=payload["idTag"],
            expires_at=datetime.fromisoformat(payload["expiryDate"]),
        )
        return {"status": connector.reserve(reservation)}

    def _cancel_reservation(self, payload: Payload) -> Payload:
        return {"status": self._point.cancel_reservation(payload["reservationId"])}

    def _trigger_message(self, payload: Payload) -> Payload:
        point, message = self._point, payload["requestedMessage"]
        connectors = self._addressed(payload.get("connectorId", 0))
        if not connectors:
            return _REJECTED
        if not point.trigger(message, connectors, point.boot_payload()):
            point.uplink.say(message, lambda: {"status": "Idle"}, triggered=True)
        return _ACCEPTED

    def _get_diagnostics(self, _payload: Payload) -> Payload:
        for status in ("Uploading", "Uploaded"):
            self._send("DiagnosticsStatusNotification", status)
        return {"fileName": "diagnostics.txt"}

    def _update_firmware(self, _payload: Payload) -> Payload:
        for status in ("Downloading", "Downloaded", "Installing", "Installed"):
            self._send("FirmwareStatusNotification", status)
        return {}

    def _send(self, action: str, status: str) -> None:
        self._point.uplink.say(action, lambda: {"status": status})
