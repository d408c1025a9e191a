"""OCPP 1.6: a handler for each message that a station sends."""

from collections.abc import Mapping
from datetime import datetime, timedelta
import math

from ...engine.model import ConnectorStatus
from ..onboarding.card_checks import CardChecks
from ..onboarding.commissioner import Commissioner
from ..onboarding.incoming_requests import ActionHandler
from ..onboarding.signing import CertificateSigner
from ..protocol.frames import ErrorCode, Fault, Payload
from ..protocol.link import Answer
from ..protocol.text import clean
from ..security import plug_and_charge as pnc
from ..security.card_policy import OWN_TOKEN, Verdict, folded
from ..station.clock import format_time, parse_time
from ..station.connector_count import MAX_CONNECTORS, only_connector
from ..station.metering.sampled_values import MOST_WH
from ..station.metering.transaction_registers import register_at_start, within
from ..station.sessions.transactions import Record
from ..station.station_interface import StationInterface
from ..station_state import GONE, StationInfo, Transaction
from .meter_values import sampled_values
from .station_meter import StationMeter
from .unanswered_starts import UnansweredStarts

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
# What chargers write where they know no id; ours are positive.
_NO_ID = (0, -1)


class Handlers16:
    """Handles the requests of one connected station."""

    def __init__(
        self,
        station: StationInterface,
        commissioner: Commissioner,
        doorkeeper: CardChecks,
        signer: CertificateSigner,
        unanswered: UnansweredStarts,
    ) -> None:
        """Report to the station, and note starts; the others answer boots, cards and certificates."""
        self._station = station
        self._commissioner = commissioner
        self._cards = doorkeeper
        self._unanswered = unanswered
        self._station_meter = StationMeter(station)
        self.by_action: Mapping[str, ActionHandler] = {
            "Authorize": self._authorize,
            "BootNotification": self._boot,
            "DataTransfer": self._data_transfer,
            "DiagnosticsStatusNotification": self._log,
            "FirmwareStatusNotification": self._firmware,
            "Heartbeat": self._heartbeat,
            "LogStatusNotification": self._log,
            "MeterValues": self._meter_values,
            "SecurityEventNotification": self._noted,
            "SignCertificate": signer.answer,
            "SignedFirmwareStatusNotification": self._firmware,
            "StartTransaction": self._start_transaction,
            "StatusNotification": self._status,
            "StopTransaction": self._stop_transaction,
        }

    def _boot(self, payload: Payload) -> Payload:
        return self._commissioner.answer_boot(
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

    def _heartbeat(self, payload: Payload) -> Payload:
        return {"currentTime": format_time(self._station.now())}

    def _firmware(self, payload: Payload) -> Payload:
        self._station.reports.firmware(payload["status"])
        return {}

    def _log(self, payload: Payload) -> Payload:
        self._station.reports.log(payload["status"])
        return {}

    def _noted(self, payload: Payload) -> Payload:
        return {}

    def _authorize(self, payload: Payload) -> Answer:
        return self._cards.decide(payload["idTag"], _tag_info)

    def _data_transfer(self, payload: Payload) -> Answer:
        if payload["vendorId"] == pnc.VENDOR:
            return self._plug_and_charge(payload)
        self._station.counters["unknown_vendor_messages"] += 1
        return {"status": "UnknownVendorId"}

    def _plug_and_charge(self, payload: Payload) -> Answer:
        """Answer a message of 2.0.1 about the contract of an ISO 15118 car."""
        message = payload.get("messageId", "")
        if message != "Authorize":
            return pnc.answer(message)
        if (contract := pnc.contract_of(payload.get("data", ""))) is None:
            return {"status": "Rejected"}
        return self._cards.decide(
            contract, lambda verdict: pnc.wrapped(pnc.contract_info(verdict))
        )

    def _status(self, payload: Payload) -> Payload:
        station = self._station
        at = None
        if "timestamp" in payload:
            theirs = parse_time(payload["timestamp"])
            station.clock.heard(theirs, station.now())
            at = station.ours(theirs)
        error = payload["errorCode"]
        station.connectors.reported_status(
            payload["connectorId"],
            _STATUS[payload["status"]],
            None if error == "NoError" else error,
            at,
        )
        return {}

    def _start_transaction(self, payload: Payload) -> Answer:
        station, connector = self._station, payload["connectorId"]
        if connector == 0 and (only := only_connector(station.state)):
            # A station with one connector can mean no other.
            connector = only
            station.counters["understood_although_wrong"] += 1
        if not 1 <= connector <= MAX_CONNECTORS:
            raise Fault(ErrorCode.PROPERTY_CONSTRAINT, f"No connector {connector}")
        theirs = parse_time(payload["timestamp"])
        station.clock.heard(theirs, station.now())
        transactions = station.sessions.transactions
        reported = (
            str(connector),
            payload["timestamp"],
            payload["idTag"],
            str(payload.get("meterStart")),
        )
        known = transactions.reported_before(reported)
        record = known or Record(
            connector=connector,
            transaction=Transaction(
                id=str(transactions.new_id()),
                started_at=station.ours(theirs),
                meter_start_wh=_register(payload, "meterStart"),
                id_token=clean(payload["idTag"]),
            ),
            reported=reported,
            id_known=False,
        )
        self._unanswered.add(record.transaction.id)
        transaction_id = int(record.transaction.id)
        # First, because the card counts for this session, and not for the next one.
        answer = self._cards.decide(
            payload["idTag"],
            lambda verdict: {"transactionId": transaction_id, **_tag_info(verdict)},
            record.transaction.id if record.stopped_at is None else None,
        )
        if known is None:
            station.sessions.started(record)
        return answer

    def _stop_transaction(self, payload: Payload) -> Payload:
        station = self._station
        theirs = parse_time(payload["timestamp"])
        station.clock.heard(theirs, station.now())
        at = station.ours(theirs)
        card = payload.get("idTag", OWN_TOKEN)
        transaction_id = str(self._ended(payload["transactionId"], at))
        self._unanswered.named(transaction_id)
        data = payload.get("transactionData", [])
        values = [
            (station.ours(theirs), readings)
            for theirs, readings in sampled_values(data)
        ]
        known = station.sessions.transactions.get(transaction_id)
        if known is not None and known.stopped_at is None:
            for moment, readings in within(values):
                station.connectors.measured(
                    known.connector, readings, moment, transaction_id=transaction_id
                )
        station.sessions.stopped(
            transaction_id,
            at,
            _register(payload, "meterStop"),
            payload.get("reason", "Local"),  # the default is Local (section 6.49)
            first=register_at_start(values, at, station.config.phases),
            # It names the card that ended it; where everyone may charge, that may be one that the charger itself always names.
            by_card=not station.cards.free and folded(card) != OWN_TOKEN.casefold(),
        )
        return _tag_info(Verdict.ACCEPTED) if "idTag" in payload else {}

    def _ended(self, transaction_id: int, at: datetime) -> int | str:
        """Return the id of the transaction that ended.

        Some chargers write none where they ended it before they received its id (EVerest/libocpp issue 495).
        """
        if transaction_id not in _NO_ID:
            return transaction_id
        station = self._station
        station.counters["understood_although_wrong"] += 1
        return station.sessions.transactions.ended_at(at) or transaction_id

    def _is_live(self, theirs: datetime) -> bool:
        station = self._station
        age = station.now() - station.ours(theirs)
        return age <= timedelta(seconds=station.timing.live_s)

    def _meter_values(self, payload: Payload) -> Payload:
        station = self._station
        connector = self._station_meter.connector_of(payload["connectorId"])
        values = sampled_values(payload["meterValue"])
        if connector is None:
            return {}  # the station's own meter, not a connector's
        if values:
            newest, _ = values[-1]
            station.clock.heard(newest, station.now())
        transaction_id = payload.get("transactionId", 0)
        # Alfen writes 2^63 - 1 where there is no transaction (lbbrhzn/ocpp issue 45).
        if 0 < transaction_id < 2**31 and values and self._is_live(values[-1][0]):
            self._unanswered.named(str(transaction_id))
            self._recognise(connector, str(transaction_id))
        record = station.sessions.transactions.get(str(transaction_id))
        of_it = record is not None and record.connector == connector
        for theirs, readings in values:
            station.connectors.measured(
                connector,
                readings,
                station.ours(theirs),
                transaction_id=str(transaction_id) if of_it else None,
            )
        return {}

    def _recognise(self, connector: int, transaction_id: str) -> None:
        """Note which transaction meter values name: an unknown one may be over, and named because it was the last."""
        sessions = self._station.sessions
        known = sessions.transactions.get(transaction_id) is not None
        if known or self._station.connector(connector).status not in GONE:
            sessions.recognised(connector, transaction_id)


def _register(payload: Payload, name: str) -> float | None:
    """Return a register at the start or the end of a transaction, None if it is missing or impossible."""
    register_wh = float(payload.get(name, math.inf))
    return register_wh if abs(register_wh) <= MOST_WH else None


def _tag_info(verdict: Verdict) -> Payload:
    """Return whether a card may charge, as an answer."""
    return {"idTagInfo": {"status": verdict.value}}
