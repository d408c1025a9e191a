"""Charging stations that speak OCPP 2.0.1 and 2.1. Each EVSE has one connector."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import override
import uuid

from ..simulated_site import ChargerSpec
from .card_list import CardList
from .device_model import DeviceModel
from .message_schemas import Payload
from .metering import Sample, register_wh, samples
from .requests2 import Requests2
from .simulated_connector import OcppStatus, SimulatedConnector, SimulatedTransaction
from .simulated_station import SimulatedStation
from .uplink import utcnow
from .wire import Refusal

_STATUSES = {
    OcppStatus.AVAILABLE: "Available",
    OcppStatus.RESERVED: "Reserved",
    OcppStatus.UNAVAILABLE: "Unavailable",
    OcppStatus.FAULTED: "Faulted",
}
_STATES = {
    OcppStatus.PREPARING: "EVConnected",
    OcppStatus.CHARGING: "Charging",
    OcppStatus.SUSPENDED_EV: "SuspendedEV",
    OcppStatus.SUSPENDED_EVSE: "SuspendedEVSE",
}
# Why a transaction ended, and what triggered that.
_ENDS = {
    "DeAuthorized": ("DeAuthorized", "Deauthorized"),
    "EVDisconnected": ("EVDisconnected", "EVDeparted"),
    "HardReset": ("ImmediateReset", "ResetCommand"),
    "Local": ("Local", "StopAuthorized"),
    "Other": ("Other", "AbnormalCondition"),
    "Remote": ("Remote", "RemoteStop"),
    "SoftReset": ("ImmediateReset", "ResetCommand"),
    "UnlockCommand": ("Other", "UnlockCommand"),
}
_TRANSFERS = {1: "AC_single_phase", 2: "AC_two_phase", 3: "AC_three_phase"}


def id_token(id_tag: str) -> Payload:
    """Return a card, or the token for starting without one."""
    if not id_tag:
        return {"idToken": "", "type": "NoAuthorization"}
    is_contract = len(id_tag) >= 14 and id_tag[:2].isalpha()  # ISO 15118's eMAID
    return {"idToken": id_tag, "type": "eMAID" if is_contract else "ISO14443"}


class ChargingStation(SimulatedStation):
    """An OCPP 2.0.1 or 2.1 charging station."""

    def __init__(
        self,
        spec: ChargerSpec,
        *,
        voltage_v: float = 230.0,
        clock: Callable[[], datetime] = utcnow,
    ) -> None:
        """Build the station with its factory settings."""
        super().__init__(spec, voltage_v=voltage_v, clock=clock)
        self.model = DeviceModel(spec)
        self.boot_reason = "PowerUp"
        self._cards = CardList()
        self._requests = Requests2(self, self.model, self._cards)

    @property
    @override
    def sample_interval_s(self) -> float:
        return self.model.number("SampledDataCtrlr.TxUpdatedInterval") or float("inf")

    @property
    @override
    def connection_timeout_s(self) -> float:
        return self.model.number("TxCtrlr.EVConnectionTimeOut")

    @property
    @override
    def free_charging(self) -> bool:
        return not self.model.boolean("AuthCtrlr.Enabled")

    @property
    @override
    def free_id_tag(self) -> str:
        return ""

    @property
    @override
    def switches_phases(self) -> bool:
        return self.model.boolean("SmartChargingCtrlr.Phases3to1")

    @override
    def handle(self, action: str, payload: Payload) -> Payload:
        handler = self._requests.handlers.get(action)
        if handler is None:
            raise Refusal("NotSupported")
        return handler(payload)

    @override
    def refuse(self, action: str, payload: Payload) -> Payload:
        return self._requests.refuse(action, payload)

    @override
    def restarts(self, kind: str) -> None:
        super().restarts(kind)
        self.boot_reason = "RemoteReset"

    # --- What it reports ---------------------------------------------------------------------------------------

    @override
    def boot_payload(self) -> Payload:
        return {
            "reason": self.boot_reason,
            "chargingStation": {
                "vendorName": self.spec.vendor,
                "model": self.spec.model[:20],
                "serialNumber": self.spec.identity[:25],
                "firmwareVersion": "2.0.0",
            },
        }

    @override
    def went_online(self) -> None:
        super().went_online()
        for connector in self.connectors:
            self._report_connector(connector)

    @override
    def report_status(
        self, connector: SimulatedConnector, *, triggered: bool = False
    ) -> None:
        if triggered:
            self._report_connector(connector, triggered=True)
            return
        status = _STATUSES.get(connector.status, "Occupied")
        if status != connector.reported_2x:
            connector.reported_2x = status
            self._report_connector(connector)
        if connector.transaction and connector.transaction.id:
            self.event(connector, connector.transaction, "ChargingStateChanged")

    def _report_connector(
        self, connector: SimulatedConnector, *, triggered: bool = False
    ) -> None:
        """Report the connector's status."""
        payload: Payload = {
            "timestamp": self.now().isoformat(),
            "connectorStatus": _STATUSES.get(connector.status, "Occupied"),
            "evseId": connector.id,
            "connectorId": 1,
        }
        self.uplink.say("StatusNotification", lambda: payload, triggered=triggered)

    def event(
        self,
        connector: SimulatedConnector,
        transaction: SimulatedTransaction,
        trigger: str,
        *,
        kind: str = "Updated",
        info: Payload | None = None,
        measurands: str = "",
        more: Payload | None = None,
        done: Callable[[Payload], None] | None = None,
    ) -> None:
        """Report an event of a transaction."""
        state = _STATES.get(connector.status, "EVConnected")
        if not connector.reading.plugged:
            state = "Idle"
        payload: Payload = {
            "eventType": kind,
            "timestamp": self.now().isoformat(),
            "triggerReason": trigger,
            "seqNo": transaction.sequence,
            "transactionInfo": {
                "transactionId": transaction.id,
                "chargingState": state,
                **(info or {}),
            },
            "evse": {"id": connector.id, "connectorId": 1},
            **(more or {}),
        }
        transaction.sequence += 1
        if not self.uplink.registered:
            payload["offline"] = True
        context = {
            "Started": "Transaction.Begin",
            "Ended": "Transaction.End",
        }.get(kind, "Sample.Periodic")
        if value := self.meter_value(connector, transaction, measurands, context):
            payload["meterValue"] = [value]
        self.uplink.say("TransactionEvent", lambda: payload, done=done, kept=True)

    def meter_value(
        self,
        connector: SimulatedConnector,
        transaction: SimulatedTransaction | None,
        measurands: str,
        context: str,
    ) -> Payload | None:
        """Return what the meter shows; None if no measurands are configured."""
        behaviour = self.character.behaviour

        def sampled(sample: Sample) -> Payload:
            number = sample.value
            if sample.measurand.startswith("Energy"):
                factor = 1000 if behaviour.kilo else 1
                number = register_wh(connector, transaction, behaviour) / factor
            value: Payload = {"value": round(number, 3), "context": context}
            if not (behaviour.default_measurand and sample.unit == "Wh"):
                value["measurand"] = sample.measurand
                value["unitOfMeasure"] = {"unit": sample.unit}
            if sample.phase:
                value["phase"] = sample.phase
            return value

        values = [
            sampled(sample)
            for sample in samples(connector, measurands.split(","), behaviour)
        ]
        if not values:
            return None
        return {"timestamp": self.now().isoformat(), "sampledValue": values}

    @override
    def report_start(
        self, connector: SimulatedConnector, transaction: SimulatedTransaction
    ) -> None:
        transaction.id = str(uuid.uuid4())

        def started(answer: Payload) -> None:
            transaction.energised = True
            status = answer.get("idTokenInfo", {}).get("status", "Accepted")
            stops = self.model.boolean("TxCtrlr.StopTxOnInvalidId")
            if connector.transaction is not transaction:
                return
            if status not in ("Accepted", "ConcurrentTx") and stops:
                self.stop(connector, "DeAuthorized")
            elif self.spec.cars[connector.id - 1].iso15118:
                self._report_needs(connector)

        trigger = "CablePluggedIn"
        info: Payload = {}
        if connector.remote_start_id is not None:
            trigger, info = "RemoteStart", {"remoteStartId": connector.remote_start_id}
            connector.remote_start_id = None
        elif transaction.id_tag:
            trigger = "Authorized"
        self.event(
            connector,
            transaction,
            trigger,
            kind="Started",
            info=info,
            measurands=self.model.text("SampledDataCtrlr.TxStartedMeasurands"),
            more={"idToken": id_token(transaction.id_tag)},
            done=started,
        )

    def _report_needs(self, connector: SimulatedConnector) -> None:
        """Report the needs of an ISO 15118 car."""
        car = self.spec.cars[connector.id - 1]
        departure = self.now() + timedelta(hours=car.departs_in_h)
        payload: Payload = {
            "evseId": connector.id,
            "chargingNeeds": {
                "requestedEnergyTransfer": _TRANSFERS[
                    min(car.phases, self.spec.phases)
                ],
                "departureTime": departure.isoformat(),
                "acChargingParameters": {
                    "energyAmount": round(connector.reading.wanted_wh),
                    "evMinCurrent": 6,
                    "evMaxCurrent": round(car.max_a),
                    "evMaxVoltage": 400,
                },
            },
        }
        self.uplink.say("NotifyEVChargingNeeds", lambda: payload)

    @override
    def report_stop(
        self,
        connector: SimulatedConnector,
        transaction: SimulatedTransaction,
        reason: str,
    ) -> None:
        stopped, trigger = _ENDS[reason]
        self.event(
            connector,
            transaction,
            trigger,
            kind="Ended",
            info={"stoppedReason": stopped},
            measurands=self.model.text("SampledDataCtrlr.TxEndedMeasurands"),
        )

    @override
    def report_meter(
        self, connector: SimulatedConnector, context: str, *, triggered: bool = False
    ) -> None:
        measurands = self.model.text("SampledDataCtrlr.TxUpdatedMeasurands")
        transaction = connector.transaction
        if transaction:
            trigger = "Trigger" if triggered else "MeterValuePeriodic"
            self.event(connector, transaction, trigger, measurands=measurands)
        elif value := self.meter_value(connector, None, measurands, context):
            payload: Payload = {"evseId": connector.id, "meterValue": [value]}
            self.uplink.say("MeterValues", lambda: payload, triggered=triggered)

    @override
    def authorise(self, connector: SimulatedConnector, id_tag: str) -> None:
        if not self.uplink.registered:
            if self._cards.accepts(id_tag):
                self.allow(connector, id_tag)
            return

        def answered(answer: Payload) -> None:
            if answer["idTokenInfo"]["status"] == "Accepted":
                self.allow(connector, id_tag)

        self.uplink.say(
            "Authorize", lambda: {"idToken": id_token(id_tag)}, done=answered
        )
