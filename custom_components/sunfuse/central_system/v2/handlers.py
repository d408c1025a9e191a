"""OCPP 2.x: a handler for each message that a station sends."""

from collections.abc import Mapping

from ..onboarding.card_checks import CardChecks
from ..onboarding.commissioner import Commissioner
from ..onboarding.incoming_requests import ActionHandler
from ..onboarding.signing import CertificateSigner
from ..protocol.frames import Payload
from ..protocol.link import Answer
from ..protocol.text import clean
from ..station.clock import format_time, parse_time
from ..station.station_interface import StationInterface
from ..station_state import StationInfo
from .availability import Availability2
from .evses import Evses2
from .meter_values import sampled_values
from .tokens import decide
from .transaction_events import TransactionEvents2

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
        availability: Availability2,
        commissioner: Commissioner,
        doorkeeper: CardChecks,
        signer: CertificateSigner,
        *,
        version: str,
    ) -> None:
        """Report to the station; the others answer boots, cards and certificates."""
        self._station = station
        self._evses = evses
        self._availability = availability
        self._commissioner = commissioner
        self._cards = doorkeeper
        self._version = version
        events = TransactionEvents2(station, evses, doorkeeper, availability.ended_away)
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
        self._availability.notified(
            payload["evseId"],
            payload["connectorId"],
            payload["connectorStatus"],
            self._station.ours(at),
        )
        return {}

    def _events(self, payload: Payload) -> Payload:
        """Take the status of connectors from events."""
        for event in payload["eventData"]:
            at = parse_time(event["timestamp"])
            self._station.clock.heard(at, self._station.now())
            self._availability.event(event, self._station.ours(at))
        return {}

    def _meter_values(self, payload: Payload) -> Payload:
        station = self._station
        values = sampled_values(payload["meterValue"])
        if values:
            newest, _ = values[-1]
            station.clock.heard(newest, station.now())
        if payload["evseId"] == 0:
            return {}  # the grid's meter
        number = self._evses.connector_of(payload["evseId"])
        for theirs, readings in values:
            station.connectors.measured(number, readings, station.ours(theirs))
        return {}


def _always(answer: Payload) -> ActionHandler:
    """Return a handler that answers any payload alike."""
    return lambda _: answer
