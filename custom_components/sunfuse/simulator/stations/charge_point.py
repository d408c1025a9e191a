"""A charge point that speaks OCPP 1.6J."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import override

from ..simulated_site import ChargerSpec
from .behaviour import ChargerBehaviour
from .card_list import CardList
from .configuration import Configuration, default_keys
from .message_schemas import Payload
from .metering import Sample, register_wh, samples
from .requests16 import Requests16
from .requests16_security import SecurityRequests16
from .simulated_connector import SimulatedConnector, SimulatedTransaction
from .simulated_station import SimulatedStation
from .uplink import utcnow
from .wire import Refusal


def timestamp(at: datetime) -> str:
    """Write a time in the format of OCPP."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _sampled_value(
    sample: Sample, context: str, behaviour: ChargerBehaviour
) -> Payload:
    value: Payload = {"value": f"{sample.value:.3f}", "context": context}
    # A value without both is the energy register in Wh (OCPP 1.6 section 7.33).
    if not (behaviour.default_measurand and sample.unit == "Wh"):
        value |= {"measurand": sample.measurand, "unit": sample.unit}
    if sample.phase:
        value["phase"] = sample.phase
    return value


class ChargePoint(SimulatedStation):
    """An OCPP 1.6J charge point."""

    def __init__(
        self,
        spec: ChargerSpec,
        *,
        voltage_v: float = 230.0,
        clock: Callable[[], datetime] = utcnow,
    ) -> None:
        """Build the charge point with its factory settings."""
        super().__init__(spec, voltage_v=voltage_v, clock=clock)
        self.configuration = Configuration(default_keys(spec))
        self._cards = CardList()
        self._requests = Requests16(self, self.configuration, self._cards)
        security = SecurityRequests16(self, self._requests.handlers["TriggerMessage"])
        self._handlers = self._requests.handlers | security.handlers

    @property
    @override
    def sample_interval_s(self) -> float:
        interval_s = self.configuration.number("MeterValueSampleInterval")
        return interval_s or float("inf")

    @property
    @override
    def connection_timeout_s(self) -> float:
        return self.configuration.number("ConnectionTimeOut")

    @property
    @override
    def free_charging(self) -> bool:
        return self.configuration.boolean("FreeModeActive")

    @property
    @override
    def free_id_tag(self) -> str:
        return self.configuration.text("FreeModeRFID")

    @property
    @override
    def switches_phases(self) -> bool:
        return self.configuration.boolean("ConnectorSwitch3to1PhaseSupported")

    @override
    def handle(self, action: str, payload: Payload) -> Payload:
        handler = self._handlers.get(action)
        if handler is None:
            raise Refusal("NotSupported")
        return handler(payload)

    @override
    def refuse(self, action: str, payload: Payload) -> Payload:
        return self._requests.refuse(action)

    # --- What it reports ---------------------------------------------------------------------------------------

    @override
    def boot_payload(self) -> Payload:
        return {
            "chargePointVendor": self.spec.vendor,
            "chargePointModel": self.spec.model,
            "chargePointSerialNumber": self.spec.identity[:25],
            "firmwareVersion": "1.0.0",
        }

    @override
    def went_online(self) -> None:
        at = self.now()
        self.uplink.say(
            "StatusNotification",
            lambda: {
                "connectorId": 0,  # the charge point as a whole
                "errorCode": "NoError",
                "status": "Available",
                "timestamp": timestamp(at),
            },
        )
        super().went_online()

    @override
    def report_status(
        self, connector: SimulatedConnector, *, triggered: bool = False
    ) -> None:
        status = connector.status
        at = self.now()
        self.uplink.say(
            "StatusNotification",
            lambda: {
                "connectorId": connector.id,
                "errorCode": connector.fault or "NoError",
                "status": status.value,
                "timestamp": timestamp(at),
            },
            triggered=triggered,
        )

    @override
    def report_start(
        self, connector: SimulatedConnector, transaction: SimulatedTransaction
    ) -> None:
        payload: Payload = {
            "connectorId": connector.id,
            "idTag": transaction.id_tag,
            "meterStart": 0
            if self.character.behaviour.register_per_session
            else round(transaction.meter_start_wh),
            "timestamp": timestamp(transaction.started_at),
        }

        def started(answer: Payload) -> None:
            transaction.id = str(answer["transactionId"])
            transaction.energised = True
            self._bind_profiles(connector, transaction.id)
            valid = answer["idTagInfo"]["status"] in ("Accepted", "ConcurrentTx")
            stops = self.configuration.boolean("StopTransactionOnInvalidId")
            if not valid and stops and connector.transaction is transaction:
                self.stop(connector, "DeAuthorized")

        self.uplink.say("StartTransaction", lambda: payload, done=started, kept=True)

    def _bind_profiles(
        self, connector: SimulatedConnector, transaction_id: str
    ) -> None:
        """Bind the profile of a remote start to the transaction, whose id is known only now."""
        self.profiles.profiles = tuple(
            replace(profile, transaction=transaction_id)
            if profile.transaction is None and profile.connector == connector.id
            else profile
            for profile in self.profiles.profiles
        )

    @override
    def report_stop(
        self,
        connector: SimulatedConnector,
        transaction: SimulatedTransaction,
        reason: str,
    ) -> None:
        behaviour = self.character.behaviour
        payload: Payload = {
            "idTag": transaction.id_tag,
            "meterStop": round(register_wh(connector, transaction, behaviour)),
            "timestamp": timestamp(self.now()),
            "reason": reason,
        }
        measurands = self.configuration.text("StopTxnSampledData")
        if measurands:
            payload["transactionData"] = [
                self._meter_value(connector, measurands, "Transaction.End")
            ]

        # Some write the whole message when they store it: it never gets the id that the start's answer gives later.
        written = int(transaction.id or -1) if behaviour.shuffles_stored else None

        def build() -> Payload | None:
            if written is not None:
                return payload | {"transactionId": written}
            # Without an id the central system never received the start, and gave up on it.
            if transaction.id is None:
                return None
            return payload | {"transactionId": int(transaction.id)}

        self.uplink.say("StopTransaction", build, kept=True)

    @override
    def report_meter(
        self, connector: SimulatedConnector, context: str, *, triggered: bool = False
    ) -> None:
        measurands = self.configuration.text("MeterValuesSampledData")
        value = self._meter_value(connector, measurands, context)
        transaction = connector.transaction

        def build() -> Payload | None:
            payload: Payload = {"connectorId": connector.id, "meterValue": [value]}
            if transaction:
                if transaction.id is None:
                    return None
                payload["transactionId"] = int(transaction.id)
            return payload if value["sampledValue"] else None

        self.uplink.say(
            "MeterValues", build, kept=transaction is not None, triggered=triggered
        )

    def _meter_value(
        self, connector: SimulatedConnector, measurands: str, context: str
    ) -> Payload:
        behaviour = self.character.behaviour
        return {
            "timestamp": timestamp(self.now()),
            "sampledValue": [
                _sampled_value(sample, context, behaviour)
                for sample in samples(connector, measurands.split(","), behaviour)
            ],
        }

    @override
    def authorise(self, connector: SimulatedConnector, id_tag: str) -> None:
        if (
            self.configuration.boolean("LocalAuthListEnabled")
            and not self.uplink.registered
        ):
            if self._cards.accepts(id_tag):
                self.allow(connector, id_tag)
            return

        def answered(answer: Payload) -> None:
            if answer["idTagInfo"]["status"] == "Accepted":
                self.allow(connector, id_tag)

        self.uplink.say("Authorize", lambda: {"idTag": id_tag}, done=answered)
