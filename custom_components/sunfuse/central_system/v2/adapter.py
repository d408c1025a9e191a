"""OCPP 2.0.1 and 2.1: what a station says."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import override

from ...engine.model import ConnectorStatus
from ..model import StationInfo, Transaction
from ..protocol.frames import ErrorCode, Fault, Payload
from ..protocol.link import Answer, Link
from ..protocol.text import clean
from ..security.cards import Verdict
from ..station.clock import format_time, parse_time
from ..station.connectors import NUMBER_OF_CONNECTORS
from ..station.face import StationFace
from ..station.meter import register_of
from ..station.transactions import Record
from .smart import Smart2
from .values import (
    Event,
    Values,
    contract_info,
    first_energy,
    sampled_values,
    token_info,
)

_STATUS = {
    "Available": ConnectorStatus.AVAILABLE,
    "Occupied": ConnectorStatus.PREPARING,
    "Reserved": ConnectorStatus.RESERVED,
    "Unavailable": ConnectorStatus.UNAVAILABLE,
    "Faulted": ConnectorStatus.FAULTED,
}
_CHARGING_STATE = {
    "Charging": ConnectorStatus.CHARGING,
    "EVConnected": ConnectorStatus.PREPARING,
    "SuspendedEV": ConnectorStatus.SUSPENDED_EV,
    "SuspendedEVSE": ConnectorStatus.SUSPENDED_EVSE,
    "Idle": ConnectorStatus.PREPARING,
}
_PENDING_MAY = frozenset(("BootNotification", "StatusNotification", "Heartbeat"))

# What needs no more than an answer, with what the specification calls a refusal where there is nothing to give.
_ANSWERS: dict[str, Payload] = {
    "BatterySwap": {},
    "ClosePeriodicEventStream": {},
    "Get15118EVCertificate": {"status": "Failed", "exiResponse": ""},
    "GetCertificateStatus": {"status": "Failed"},
    "NotifyDERAlarm": {},
    "NotifyDERStartStop": {},
    "NotifyEVChargingSchedule": {"status": "Accepted"},
    "NotifyEvent": {},
    "NotifyPeriodicEventStream": {},
    "NotifySettlement": {},
    "NotifyWebPaymentStarted": {},
    "OpenPeriodicEventStream": {"status": "Rejected"},
    "PublishFirmwareStatusNotification": {},
    "ReportDERControl": {},
    "ReservationStatusUpdate": {},
    "SecurityEventNotification": {},
}


class Adapter2(Smart2):
    """Speaks OCPP 2.0.1 or 2.1 with one connected station."""

    def __init__(self, link: Link, station: StationFace) -> None:
        """Speak with this station on this link."""
        super().__init__(link, station)
        self._handlers: dict[str, Callable[[Payload], Answer]] = {
            "Authorize": self._authorize,
            "BootNotification": self._boot,
            "DataTransfer": self._data_transfer,
            "FirmwareStatusNotification": self.note_firmware,
            "GetCertificateChainStatus": self._certificate_chain,
            "Heartbeat": self._heartbeat,
            "LogStatusNotification": self.note_log,
            "MeterValues": self._meter_values,
            "SignCertificate": self.sign_certificate,
            "StatusNotification": self._status,
            "TransactionEvent": self._transaction_event,
            "VatNumberValidation": self._vat_number,
            **self.report_handlers,
            **self.smart_handlers,
        }

    @override
    def handle(self, action: str, payload: Payload) -> Answer:
        handler = self._handlers.get(action)
        if handler is None and action not in _ANSWERS:
            raise Fault(ErrorCode.NOT_SUPPORTED, f"{action} is not for central systems")
        if not self.station.state.accepted and action not in _PENDING_MAY:
            raise Fault(ErrorCode.SECURITY, "This station has not been accepted yet")
        self.station.reports.heard()
        answer = handler(payload) if handler else _ANSWERS[action]
        if self.station.state.accepted and action != "BootNotification":
            self.came_back()
        return answer

    def _boot(self, payload: Payload) -> Payload:
        station, told = self.station, payload["chargingStation"]
        station.reports.booted(
            StationInfo(
                vendor=clean(told["vendorName"]),
                model=clean(told["model"]),
                serial=clean(told.get("serialNumber", "")) or None,
                firmware=clean(told.get("firmwareVersion", "")) or None,
                protocol=f"ocpp{self.link.version}",
            )
        )
        accepted = station.state.accepted
        if accepted:
            self.booted()
        timing = station.timing
        return {
            "status": "Accepted" if accepted else "Pending",
            "currentTime": format_time(station.now()),
            "interval": timing.heartbeat_s if accepted else timing.pending_s,
        }

    def _heartbeat(self, payload: Payload) -> Payload:
        return {"currentTime": format_time(self.station.now())}

    def _authorize(self, payload: Payload) -> Answer:
        contract = "iso15118CertificateHashData" in payload or "certificate" in payload
        return self._decide(payload["idToken"], contract=contract)

    def _decide(
        self, token: Payload, *, contract: bool = False, running: str | None = None
    ) -> Answer:
        """Return the answer about a card, or about the contract of an ISO 15118 car."""
        answer = contract_info if contract else token_info
        if (
            token["type"] == "NoAuthorization"
        ):  # a button, or a charger without a reader
            return answer(Verdict.of(self.station.cards.free))
        return self.decide(token["idToken"], answer, running)

    def _data_transfer(self, payload: Payload) -> Payload:
        self.station.counters["unknown_vendor_messages"] += 1
        return {"status": "UnknownVendorId"}

    def _certificate_chain(self, payload: Payload) -> Payload:
        now = format_time(self.station.now())
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
        station = self.station
        at = parse_time(payload["timestamp"])
        station.clock.heard(at, station.now())
        known = len(station.connectors.evses)
        number = station.connectors.numbered(payload["evseId"], payload["connectorId"])
        if len(station.connectors.evses) > max(known, 1) and station.variables:
            # One that was not told before it was set up: ask whether the station really has it.
            station.variables.pop(NUMBER_OF_CONNECTORS, None)
            self.set_up_again()
        status = _STATUS[payload["connectorStatus"]]
        if not number:
            return {}
        state = station.connector(number)
        if payload["connectorStatus"] == "Occupied" and state.transaction is not None:
            return {}  # the transaction's own events tell more
        station.connectors.reported_status(
            number, status, "Faulted" if status is ConnectorStatus.FAULTED else None
        )
        return {}

    def _meter_values(self, payload: Payload) -> Payload:
        station = self.station
        values = sampled_values(payload["meterValue"])
        for theirs, _ in values:
            station.clock.heard(theirs, station.now())
        if payload["evseId"] == 0:
            return {}  # the grid's meter
        number = self.connector_of(payload["evseId"])
        for theirs, readings in values:
            station.connectors.measured(number, readings, station.ours(theirs))
        return {}

    def _transaction_event(self, payload: Payload) -> Answer:
        station = self.station
        theirs = parse_time(payload["timestamp"])
        values = sampled_values(payload.get("meterValue", []))
        if not payload.get("offline", False):
            station.clock.heard(theirs, station.now())
        at = station.ours(theirs)
        event = Event(payload, at, self._is_live(payload, theirs, at))
        match payload["eventType"]:
            case "Started":
                self._started(event, values)
            case "Updated":
                self._updated(event, values)
            case _:
                self._ended(event, values)
        if "idToken" not in payload:
            return {}
        ended = payload["eventType"] == "Ended"
        running = None if ended else event.transaction_id
        return self._decide(payload["idToken"], running=running)

    def _is_live(self, payload: Payload, theirs: datetime, at: datetime) -> bool:
        """Whether an event says something of the present: stored ones and ones out of order do not."""
        station = self.station
        age = station.now() - at
        transaction_id = payload["transactionInfo"]["transactionId"]
        newest = station.sessions.events.is_newest(
            transaction_id, payload["seqNo"], theirs
        )
        fresh = age <= timedelta(seconds=station.timing.live_s)
        return newest and fresh and not payload.get("offline", False)

    def _started(self, event: Event, values: Values) -> None:
        station = self.station
        known = station.sessions.transactions.get(event.transaction_id)
        if known is not None and known.told:
            return
        number = self._number(event)
        if not number:
            return
        start_wh = first_energy(values)
        started = Record(
            connector=number,
            transaction=Transaction(
                id=event.transaction_id,
                started_at=event.at,
                meter_start_wh=start_wh[1] if start_wh else None,
                id_token=event.id_token,
                authorised=event.authorised,
            ),
            told=("Started",),
        )
        station.sessions.started(started)
        self._take(number, event, values)

    def _updated(self, event: Event, values: Values) -> None:
        station = self.station
        known = station.sessions.transactions.get(event.transaction_id)
        number = known.connector if known else self._number(event)
        if not number:
            return
        if event.live:
            station.sessions.recognised(number, event.transaction_id)
        if event.authorised:
            station.sessions.authorised(number)
        self._take(number, event, values)

    def _number(self, event: Event) -> int:
        """Return the connector of an event, 0 where it is not told and cannot be known."""
        evse = event.payload.get("evse")
        if evse is not None:
            return self.connector_of(evse["id"], evse.get("connectorId"))
        return self.only_connector()

    def only_connector(self) -> int:
        """Return the connector of a station that has one, 0 of one that has more."""
        numbers = [state.id for state in self.station.state.connectors]
        return numbers[0] if len(numbers) == 1 else 0

    def _take(self, number: int, event: Event, values: Values) -> None:
        station = self.station
        for theirs, readings in values:
            station.connectors.measured(number, readings, station.ours(theirs))
        running = station.connector(number).transaction
        if not event.live or running is None or running.id != event.transaction_id:
            return
        if state := event.payload["transactionInfo"].get("chargingState"):
            station.connectors.reported_status(number, _CHARGING_STATE[state], None)

    def _ended(self, event: Event, values: Values) -> None:
        station = self.station
        info = event.payload["transactionInfo"]
        energies = [
            energy_wh
            for _, readings in values
            if (energy_wh := register_of(readings)) is not None
        ]
        first = first_energy(values)
        if first is not None:
            first = (station.ours(first[0]), first[1])

        def tell() -> None:
            station.sessions.stopped(
                event.transaction_id,
                event.at,
                energies[-1] if energies else None,
                info.get("stoppedReason", "Local"),
                first=first,
            )

        known = station.sessions.transactions.get(event.transaction_id)
        if known is None:
            until = station.now() + timedelta(seconds=station.timing.hold_s)
            station.sessions.events.hold(event.transaction_id, until, tell)
            return
        running = station.connector(known.connector).transaction
        was_running = running is not None and running.id == event.transaction_id
        if known.stopped_at is None:
            for theirs, readings in values:
                station.connectors.measured(
                    known.connector, readings, station.ours(theirs)
                )
        tell()
        if was_running and event.live:
            station.connectors.reported_status(
                known.connector, ConnectorStatus.FINISHING, None
            )
