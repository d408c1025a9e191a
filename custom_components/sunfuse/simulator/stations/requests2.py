"""What an OCPP 2.x charging station answers to the central system's requests."""

from collections.abc import Callable
from datetime import datetime

from .card_list import CardList
from .device_model import DeviceModel, Variable
from .message_schemas import Payload
from .profiles2 import ProfileRequests2
from .simulated_connector import Reservation
from .simulated_station import SimulatedStation

_ACCEPTED: Payload = {"status": "Accepted"}
_REJECTED: Payload = {"status": "Rejected"}
# Refusals whose answer has no status `Rejected`.
_REFUSALS = {
    "ClearChargingProfile": "Unknown",
    "ClearDisplayMessage": "Unknown",
    "GetChargingProfiles": "NoProfiles",
    "SendLocalList": "Failed",
    "UnlockConnector": "UnlockFailed",
    "DeleteCertificate": "Failed",
    "GetInstalledCertificateIds": "NotFound",
    "GetDisplayMessages": "Unknown",
}


class Requests2:
    """The handlers, by action."""

    def __init__(
        self, station: SimulatedStation, model: DeviceModel, cards: CardList
    ) -> None:
        """Answer for this station, with its variables and its list of cards."""
        self._station = station
        self._model = model
        self._cards = cards
        self._profiles = ProfileRequests2(station, model)
        self._messages: dict[int, Payload] = {}
        self.handlers: dict[str, Callable[[Payload], Payload]] = {
            "CancelReservation": self._cancel_reservation,
            "ChangeAvailability": self._change_availability,
            "ClearCache": lambda _: _ACCEPTED,
            "ClearDisplayMessage": self._clear_display_message,
            "CostUpdated": lambda _: {},
            "DataTransfer": lambda _: {"status": "UnknownVendorId"},
            "GetBaseReport": self._get_base_report,
            "GetDisplayMessages": self._get_display_messages,
            "GetLocalListVersion": self._get_local_list_version,
            "GetLog": self._get_log,
            "GetMonitoringReport": lambda _: {"status": "EmptyResultSet"},
            "GetReport": self._get_report,
            "GetTransactionStatus": self._get_transaction_status,
            "GetVariables": self._get_variables,
            "RequestStartTransaction": self._request_start,
            "RequestStopTransaction": self._request_stop,
            "ReserveNow": self._reserve_now,
            "Reset": self._reset,
            "SendLocalList": self._send_local_list,
            "SetDisplayMessage": self._set_display_message,
            "SetVariables": self._set_variables,
            "TriggerMessage": self._trigger_message,
            "UnlockConnector": self._unlock_connector,
            "UpdateFirmware": self._update_firmware,
            **self._profiles.handlers,
        }

    def refuse(self, action: str, payload: Payload) -> Payload:
        """Return an answer that refuses."""
        entries = {
            "GetVariables": ("getVariableData", "getVariableResult"),
            "SetVariables": ("setVariableData", "setVariableResult"),
        }
        if action in entries:
            asked, answered = entries[action]
            return {
                answered: [
                    {
                        "attributeStatus": "Rejected",
                        "component": entry["component"],
                        "variable": entry["variable"],
                    }
                    for entry in payload[asked]
                ]
            }
        return {"status": _REFUSALS.get(action, "Rejected")}

    # --- The device model ----------------------------------------------------------------------------------------

    def _get_variables(self, payload: Payload) -> Payload:
        self._station.uplink.asked_for_configuration()
        model = self._model
        return {"getVariableResult": [model.get(e) for e in payload["getVariableData"]]}

    def _set_variables(self, payload: Payload) -> Payload:
        station = self._station
        results = []
        for entry in payload["setVariableData"]:
            result = self._model.set(entry)
            results.append(result)
            if result["attributeStatus"] != "Accepted":
                continue
            match entry["variable"]["name"].casefold():
                case "basicauthpassword":
                    station.uplink.password = entry["attributeValue"]
                case "heartbeatinterval":
                    station.uplink.heartbeat_interval_s = float(entry["attributeValue"])
        return {"setVariableResult": results}

    def _get_base_report(self, payload: Payload) -> Payload:
        self._station.uplink.asked_for_configuration()
        variables = list(self._model.variables)
        if payload["reportBase"] == "ConfigurationInventory":
            variables = [v for v in variables if v.mutability != "ReadOnly"]
        return self._report(payload["requestId"], variables)

    def _get_report(self, payload: Payload) -> Payload:
        model = self._model
        wanted = payload.get("componentVariable")
        variables = model.named(wanted) if wanted else list(model.variables)
        return self._report(payload["requestId"], variables)

    def _report(self, request_id: int, variables: list[Variable]) -> Payload:
        """Send a report in parts, as large as the station supports."""
        if not variables:
            return {"status": "EmptyResultSet"}
        station = self._station
        size = int(self._model.number("DeviceDataCtrlr.ItemsPerMessage[GetReport]"))
        for part, first in enumerate(range(0, len(variables), size)):
            self._send(
                "NotifyReport",
                {
                    "requestId": request_id,
                    "generatedAt": station.now().isoformat(),
                    "seqNo": part,
                    "tbc": first + size < len(variables),
                    "reportData": [
                        variable.report()
                        for variable in variables[first : first + size]
                    ],
                },
            )
        return _ACCEPTED

    # --- Transactions and connectors ---------------------------------------------------------------------------

    def _request_start(self, payload: Payload) -> Payload:
        station = self._station
        wanted = payload.get("evseId")
        id_tag = payload["idToken"]["idToken"]
        free = [
            connector
            for connector in station.connectors
            if wanted in (None, connector.id)
            and connector.operative
            and not connector.transaction
            and not connector.fault
            and (not connector.reservation or connector.reservation.id_tag == id_tag)
        ]
        if not free:
            return _REJECTED
        free.sort(key=lambda connector: not connector.reading.plugged)
        connector = free[0]
        if profile := payload.get("chargingProfile"):
            if profile["chargingProfilePurpose"] != "TxProfile":
                return _REJECTED
            self._profiles.install(connector.id, profile)
        connector.remote_start_id = payload["remoteStartId"]
        if self._model.boolean("AuthCtrlr.AuthorizeRemoteStart"):
            station.authorise(connector, id_tag)
        else:
            station.allow(connector, id_tag)
        return _ACCEPTED

    def _request_stop(self, payload: Payload) -> Payload:
        for connector in self._station.connectors:
            transaction = connector.transaction
            if transaction and transaction.id == payload["transactionId"]:
                self._station.stop(connector, "Remote")
                return _ACCEPTED
        return _REJECTED

    def _get_transaction_status(self, payload: Payload) -> Payload:
        station = self._station
        answer: Payload = {"messagesInQueue": station.uplink.waiting > 0}
        if wanted := payload.get("transactionId"):
            answer["ongoingIndicator"] = any(
                connector.transaction and connector.transaction.id == wanted
                for connector in station.connectors
            )
        return answer

    def _reset(self, payload: Payload) -> Payload:
        station = self._station
        if "evseId" in payload:
            return _REJECTED
        busy = any(connector.transaction for connector in station.connectors)
        if payload["type"] == "OnIdle" and busy:
            station.restart_when_idle = True
            return {"status": "Scheduled"}
        station.uplink.restart("Soft")
        return _ACCEPTED

    def _unlock_connector(self, payload: Payload) -> Payload:
        connector = self._station.connector(payload["evseId"])
        if connector is None or payload["connectorId"] != 1:
            return {"status": "UnknownConnector"}
        if connector.transaction:
            return {"status": "OngoingAuthorizedTransaction"}
        return {"status": "Unlocked"}

    def _change_availability(self, payload: Payload) -> Payload:
        addressed = self._station.connectors
        if evse := payload.get("evse"):
            connector = self._station.connector(evse["id"])
            if connector is None:
                return _REJECTED
            addressed = (connector,)
        operative = payload["operationalStatus"] == "Operative"
        return {"status": self._station.set_operative(addressed, operative=operative)}

    def _trigger_message(self, payload: Payload) -> Payload:
        station, message = self._station, payload["requestedMessage"]
        evse = payload.get("evse", {}).get("id")
        connectors = [c for c in station.connectors if evse in (None, c.id)]
        if not connectors:
            return _REJECTED
        if station.trigger(
            message, connectors, station.boot_payload() | {"reason": "Triggered"}
        ):
            return _ACCEPTED
        match message:
            case "TransactionEvent":
                for connector in connectors:
                    if connector.transaction:
                        station.report_meter(connector, "Trigger", triggered=True)
            case "LogStatusNotification" | "FirmwareStatusNotification":
                station.uplink.say(message, lambda: {"status": "Idle"}, triggered=True)
            case _:
                return {"status": "NotImplemented"}
        return _ACCEPTED

    def _reserve_now(self, payload: Payload) -> Payload:
        connector = self._station.connector(payload.get("evseId", 1))
        if connector is None:
            return _REJECTED
        reservation = Reservation(
            id=payload["id"],
            id_tag=payload["idToken"]["idToken"],
            expires_at=datetime.fromisoformat(payload["expiryDateTime"]),
        )
        return {"status": connector.reserve(reservation)}

    def _cancel_reservation(self, payload: Payload) -> Payload:
        return {"status": self._station.cancel_reservation(payload["reservationId"])}

    # --- Lists, files, displays ----------------------------------------------------------------------------------

    def _get_local_list_version(self, _payload: Payload) -> Payload:
        return {"versionNumber": self._cards.version}

    def _send_local_list(self, payload: Payload) -> Payload:
        is_newer = self._cards.update(
            payload["versionNumber"],
            (
                (
                    entry["idToken"]["idToken"],
                    entry.get("idTokenInfo", {}).get("status"),
                )
                for entry in payload.get("localAuthorizationList", [])
            ),
            full=payload["updateType"] == "Full",
        )
        return _ACCEPTED if is_newer else {"status": "VersionMismatch"}

    def _get_log(self, payload: Payload) -> Payload:
        for status in ("Uploading", "Uploaded"):
            said = {"status": status, "requestId": payload["requestId"]}
            self._send("LogStatusNotification", said)
        return {"status": "Accepted", "filename": "log.txt"}

    def _update_firmware(self, payload: Payload) -> Payload:
        for status in ("Downloading", "Downloaded", "Installing", "Installed"):
            said = {"status": status, "requestId": payload["requestId"]}
            self._send("FirmwareStatusNotification", said)
        return _ACCEPTED

    def _set_display_message(self, payload: Payload) -> Payload:
        self._messages[payload["message"]["id"]] = payload["message"]
        return _ACCEPTED

    def _clear_display_message(self, payload: Payload) -> Payload:
        found = self._messages.pop(payload["id"], None)
        return {"status": "Accepted" if found else "Unknown"}

    def _get_display_messages(self, payload: Payload) -> Payload:
        wanted = payload.get("id")
        messages = [
            message
            for number, message in self._messages.items()
            if wanted is None or number in wanted
        ]
        if not messages:
            return {"status": "Unknown"}
        self._send(
            "NotifyDisplayMessages",
            {"requestId": payload["requestId"], "messageInfo": messages},
        )
        return _ACCEPTED

    def _send(self, action: str, payload: Payload) -> None:
        self._station.uplink.say(action, lambda: payload)
