"""OCPP 2.x: a handler for each message that a station sends."""

from collections.abc import Mapping
from datetime import datetime

from ...engine.model import ConnectorStatus
from ..onboarding.card_checks import CardChecks
from ..onboarding.commissioner import Commissioner
from ..onboarding.incoming_requests import ActionHandler
from ..onboarding.signing import CertificateSigner
from ..protocol.frames import Payload
from ..protocol.link import Answer
from ..protocol.text import clean
from ..station.clock import format_time, parse_time
from ..station.connector_count import NUMBER_OF_CONNECTORS
from ..station.station_interface import StationInterface
from ..station_state import StationInfo
from .evses import Evses2
from .meter_values import sampled_values
from .tokens import decide
from .transaction_events import TransactionEvents2

_STATUS = {
    "Available": ConnectorStatus.AVAILABLE,
    "Occupied": ConnectorStatus.PREPARING,
    "Reserved": ConnectorStatus.RESERVED,
    "Unavailable": ConnectorStatus.UNAVAILABLE,
    "Faulted": ConnectorStatus.FAULTED,
}
# Messages that need only an answer; a refusal, in the specification's term, if there is nothing to give.
_ANSWERS: dict[str, Payload] = {
    "BatterySwap": {},
    "ClosePeriodicEventStream": {},
    "Get15118EVCertificate": {"status": "Failed", "exiResponse": ""},
    "GetCertificateStatus": {"status": "Failed"},
    "NotifyDERAlarm": {},
    "NotifyDERStartStop": {},
    "NotifyEVChargingSchedule": {"status": "Accepted"},
    "NotifyPeriodicEventStream": {},
    "NotifySettlement": {},
    "NotifyWebPaymentStarted": {},
    "OpenPeriodicEventStream": {"status": "Rejected"},
    "PublishFirmwareStatusNotification": {},
    "ReportDERControl": {},
    "ReservationStatusUpdate": {},
    "SecurityEventNotification": {},
}


class Handlers2:
    """Handles the requests of one connected station."""

    def __init__(
        self,
        station: StationInterface,
        evses: Evses2,
        commissioner: Commissioner,
        doorkeeper: CardChecks,
        signer: CertificateSigner,
        *,
        version: str,
    ) -> None:
        """Report to the station; the others answer boots, cards and certificates."""
        self._station = station
        self._evses = evses
        self._commissioner = commissioner
        self._cards = doorkeeper
        self._version = version
        events = TransactionEvents2(station, evses, doorkeeper)
        self.by_action: Mapping[str, ActionHandler] = {
            **{action: _always(answer) for action, answer in _ANSWERS.items()},
            "Authorize": self._authorize,
            "BootNotification": self._boot,
            "DataTransfer": self._data_transfer,
            "FirmwareStatusNotification": self._firmware,
            "GetCertificateChainStatus": self._certificate_chain,
            "Heartbeat": self._heartbeat,
            "LogStatusNotification": self._log,
            "MeterValues": self._meter_values,
            "NotifyEvent": self._events,
            "SignCertificate": signer.answer,
            "StatusNotification": self._status,
            "TransactionEvent": events.take,
            "VatNumberValidation": self._vat_number,
        }

    def _boot(self, payload: Payload) -> Payload:
        station = payload["chargingStation"]
        return self._commissioner.answer_boot(
            StationInfo(
                vendor=clean(station["vendorName"]),
                model=clean(station["model"]),
                serial=clean(station.get("serialNumber", "")) or None,
                firmware=clean(station.get("firmwareVersion", "")) or None,
                protocol=f"ocpp{self._version}",
            )
        )

    def _heartbeat(self, payload: Payload) -> Payload:
        return {"currentTime": format_time(self._station.now())}

    def _firmware(self, payload: Payload) -> Payload:
        self._station.reports.firmware(payload["status"])
        return {}

    def _log(self, payload: Payload) -> Payload:
        self._station.reports.log(payload["status"])
        return {}

    def _authorize(self, payload: Payload) -> Answer:
        contract = "iso15118CertificateHashData" in payload or "certificate" in payload
        return decide(self._cards, payload["idToken"], contract=contract)

    def _data_transfer(self, payload: Payload) -> Payload:
        self._station.counters["unknown_vendor_messages"] += 1
        return {"status": "UnknownVendorId"}

    def _certificate_chain(self, payload: Payload) -> Payload:
        now = format_time(self._station.now())
        return {
            "certificateStatus": [
                {
                    "certificateHashData": request["certificateHashData"],
                    "source": request["source"],
                    "status": "Failed",
                    "nextUpdate": now,
                }
                for request in payload["certificateStatusRequests"]
            ]
        }

    def _vat_number(self, payload: Payload) -> Payload:
        return {"vatNumber": payload["vatNumber"], "status": "Rejected"}

    def _status(self, payload: Payload) -> Payload:
        at = parse_time(payload["timestamp"])
        self._station.clock.heard(at, self._station.now())
        self._connector_status(
            payload["evseId"],
            payload["connectorId"],
            payload["connectorStatus"],
            self._station.ours(at),
        )
        return {}

    def _events(self, payload: Payload) -> Payload:
        """Take the status of connectors from events: OCPP 2.0.1 (G01) lets a station report it in either way."""
        for event in payload["eventData"]:
            evse = event["component"].get("evse", {})
            status = event["actualValue"]
            if (
                event["component"]["name"] == "Connector"
                and event["variable"]["name"] == "AvailabilityState"
                and "connectorId" in evse
                and status in _STATUS
            ):
                at = parse_time(event["timestamp"])
                self._station.clock.heard(at, self._station.now())
                self._connector_status(
                    evse["id"], evse["connectorId"], status, self._station.ours(at)
                )
        return {}

    def _connector_status(
        self, evse: int, connector: int, reported: str, at: datetime
    ) -> None:
        station = self._station
        known = len(station.connectors.evses)
        number = station.connectors.numbered(evse, connector)
        if len(station.connectors.evses) > max(known, 1) and station.variables:
            # A connector that was not reported before setup: ask whether the station really has it.
            station.variables.pop(NUMBER_OF_CONNECTORS, None)
            self._commissioner.set_up_again()
        status = _STATUS[reported]
        if not number:
            return
        state = station.connector(number)
        if reported == "Occupied" and state.transaction is not None:
            return  # the transaction's own events contain more
        station.connectors.reported_status(
            number,
            status,
            "Faulted" if status is ConnectorStatus.FAULTED else None,
            at,
        )

    def _meter_values(self, payload: Payload) -> Payload:
        station = self._station
        values = sampled_values(payload["meterValue"])
        for theirs, _ in values:
            station.clock.heard(theirs, station.now())
        if payload["evseId"] == 0:
            return {}  # the grid's meter
        number = self._evses.connector_of(payload["evseId"])
        for theirs, readings in values:
            station.connectors.measured(number, readings, station.ours(theirs))
        return {}


def _always(answer: Payload) -> ActionHandler:
    """Return a handler that answers any payload alike."""
    return lambda _: answer
