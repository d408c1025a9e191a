"""OCPP 1.6J: what a station says."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import override

from ...engine.model import ConnectorStatus
from ..model import StationInfo, Transaction
from ..protocol.frames import ErrorCode, Fault, Payload
from ..protocol.link import Answer, Link
from ..protocol.text import clean
from ..security import pnc
from ..security.cards import Verdict
from ..station.clock import format_time, parse_time
from ..station.connectors import MAX_CONNECTORS
from ..station.face import StationFace
from ..station.meter import ENERGY, Reading, readable, register_of
from ..station.transactions import Record
from ..v2.values import contract_info
from .actions import Actions16

_STATUS = {
    "Available": ConnectorStatus.AVAILABLE,
    "Preparing": ConnectorStatus.PREPARING,
    "Charging": ConnectorStatus.CHARGING,
    "SuspendedEV": ConnectorStatus.SUSPENDED_EV,
    "SuspendedEVSE": ConnectorStatus.SUSPENDED_EVSE,
    "Finishing": ConnectorStatus.FINISHING,
    "Reserved": ConnectorStatus.RESERVED,
    "Unavailable": ConnectorStatus.UNAVAILABLE,
    "Faulted": ConnectorStatus.FAULTED,
}
_PENDING_MAY = frozenset(("BootNotification", "StatusNotification", "Heartbeat"))


class Adapter16(Actions16):
    """Speaks OCPP 1.6J with one connected station."""

    def __init__(self, link: Link, station: StationFace) -> None:
        """Speak with this station on this link."""
        super().__init__(link, station)
        self._handlers: dict[str, Callable[[Payload], Answer]] = {
            "Authorize": self._authorize,
            "BootNotification": self._boot,
            "DataTransfer": self._data_transfer,
            "DiagnosticsStatusNotification": self.note_log,
            "FirmwareStatusNotification": self.note_firmware,
            "Heartbeat": self._heartbeat,
            "LogStatusNotification": self.note_log,
            "MeterValues": self._meter_values,
            "SecurityEventNotification": self._noted,
            "SignCertificate": self.sign_certificate,
            "SignedFirmwareStatusNotification": self.note_firmware,
            "StartTransaction": self._start_transaction,
            "StatusNotification": self._status,
            "StopTransaction": self._stop_transaction,
        }

    @override
    def handle(self, action: str, payload: Payload) -> Answer:
        if (handler := self._handlers.get(action)) is None:
            raise Fault(ErrorCode.NOT_SUPPORTED, f"{action} is not for central systems")
        if not self.station.state.accepted and action not in _PENDING_MAY:
            raise Fault(ErrorCode.SECURITY, "This station has not been accepted yet")
        self.station.reports.heard()
        answer = handler(payload)
        if self.station.state.accepted and action != "BootNotification":
            self.came_back()
        return answer

    def _boot(self, payload: Payload) -> Payload:
        station = self.station
        station.reports.booted(
            StationInfo(
                vendor=clean(payload["chargePointVendor"]),
                model=clean(payload["chargePointModel"]),
                serial=clean(
                    payload.get("chargePointSerialNumber")
                    or payload.get("chargeBoxSerialNumber")
                    or ""
                )
                or None,
                firmware=clean(payload.get("firmwareVersion", "")) or None,
                protocol="ocpp1.6",
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
        return self.decide(payload["idTag"], _tag_info)

    def _data_transfer(self, payload: Payload) -> Answer:
        if payload["vendorId"] == pnc.VENDOR:
            return self._plug_and_charge(payload)
        self.station.counters["unknown_vendor_messages"] += 1
        return {"status": "UnknownVendorId"}

    def _plug_and_charge(self, payload: Payload) -> Answer:
        """Answer a message of 2.0.1 about the contract of an ISO 15118 car."""
        message = payload.get("messageId", "")
        if message != "Authorize":
            return pnc.answer(message)
        if (contract := pnc.contract_of(payload.get("data", ""))) is None:
            return {"status": "Rejected"}
        return self.decide(
            contract, lambda verdict: pnc.wrapped(contract_info(verdict))
        )

    def _noted(self, payload: Payload) -> Payload:
        return {}

    def _status(self, payload: Payload) -> Payload:
        if "timestamp" in payload:
            at = parse_time(payload["timestamp"])
            self.station.clock.heard(at, self.station.now())
        error = payload["errorCode"]
        self.station.connectors.reported_status(
            payload["connectorId"],
            _STATUS[payload["status"]],
            None if error == "NoError" else error,
        )
        return {}

    def _start_transaction(self, payload: Payload) -> Answer:
        station, connector = self.station, payload["connectorId"]
        if not 1 <= connector <= MAX_CONNECTORS:
            raise Fault(ErrorCode.PROPERTY_CONSTRAINT, f"No connector {connector}")
        theirs = parse_time(payload["timestamp"])
        station.clock.heard(theirs, station.now())
        told = (
            str(connector),
            payload["timestamp"],
            payload["idTag"],
            str(payload["meterStart"]),
        )
        record = station.sessions.transactions.told_before(told)
        if record is None:
            record = Record(
                connector=connector,
                transaction=Transaction(
                    id=str(station.sessions.transactions.new_id()),
                    started_at=station.ours(theirs),
                    meter_start_wh=float(payload["meterStart"]),
                    id_token=clean(payload["idTag"]),
                ),
                told=told,
            )
            station.sessions.started(record)
        transaction_id = int(record.transaction.id)
        return self.decide(
            payload["idTag"],
            lambda verdict: {"transactionId": transaction_id, **_tag_info(verdict)},
            record.transaction.id if record.stopped_at is None else None,
        )

    def _stop_transaction(self, payload: Payload) -> Payload:
        station = self.station
        theirs = parse_time(payload["timestamp"])
        station.clock.heard(theirs, station.now())
        at = station.ours(theirs)
        transaction_id = str(payload["transactionId"])
        data = payload.get("transactionData", [])
        values = [
            (station.ours(theirs), readings) for theirs, readings in sampled(data)
        ]
        known = station.sessions.transactions.get(transaction_id)
        if known is not None and known.stopped_at is None:
            for moment, readings in values:
                station.connectors.measured(known.connector, readings, moment)
        station.sessions.stopped(
            transaction_id,
            at,
            float(payload["meterStop"]),
            payload.get("reason", "Local"),  # what is left out is Local (section 6.49)
            first=_first_energy(values),
        )
        return _tag_info(Verdict.ACCEPTED) if "idTag" in payload else {}

    def _is_live(self, theirs: datetime) -> bool:
        station = self.station
        age = station.now() - station.ours(theirs)
        return age <= timedelta(seconds=station.timing.live_s)

    def _meter_values(self, payload: Payload) -> Payload:
        station = self.station
        connector = payload["connectorId"]
        values = sampled(payload["meterValue"])
        if connector == 0:
            return {}  # the station's own meter, not a connector's
        for theirs, _ in values:
            station.clock.heard(theirs, station.now())
        transaction_id = payload.get("transactionId", 0)
        # Alfen writes 2^63 - 1 where there is no transaction (lbbrhzn/ocpp issue 45).
        if 0 < transaction_id < 2**31 and values and self._is_live(values[-1][0]):
            station.sessions.recognised(connector, str(transaction_id))
        for theirs, readings in values:
            station.connectors.measured(connector, readings, station.ours(theirs))
        return {}


def _tag_info(verdict: Verdict) -> Payload:
    return {"idTagInfo": {"status": verdict.value}}


def _first_energy(
    values: list[tuple[datetime, list[Reading]]],
) -> tuple[datetime, float] | None:
    """Return when the first energy was read and what it was, in watt-hours."""
    for at, readings in values:
        if (energy_wh := register_of(readings)) is not None:
            return at, energy_wh
    return None


def sampled(meter_values: list[Payload]) -> list[tuple[datetime, list[Reading]]]:
    """Return the readings of a `meterValue` with their times by the station's clock, the oldest first."""
    return sorted(
        (
            (
                parse_time(meter_value["timestamp"]),
                [
                    Reading(
                        value=value,
                        measurand=entry.get("measurand", ENERGY),
                        phase=entry.get("phase"),
                        unit=entry.get("unit"),
                    )
                    for entry in meter_value["sampledValue"]
                    if entry.get("format", "Raw") == "Raw"
                    and (value := readable(entry["value"])) is not None
                ],
            )
            for meter_value in meter_values
        ),
        key=lambda value: value[0],
    )
