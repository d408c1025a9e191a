"""A charger of raw frames that says the same in the words of any version."""

from typing import Any

from .client import ANSWERS_2, Payload, RawStation

VERSIONS = ("1.6", "2.0.1", "2.1")


class Charger:
    """One connection of a charger."""

    def __init__(self, station: RawStation, version: str) -> None:
        """Speak a version on a connection."""
        self.station = station
        self.version = version
        self.old = version == "1.6"
        if not self.old:
            station.answers |= ANSWERS_2
        self.sequence = 0

    @classmethod
    async def connect(cls, connect: Any, version: str, path: str = "/CP1") -> Charger:
        """Connect a charger of a version."""
        return cls(await connect(path, protocols=(f"ocpp{version}",)), version)

    @property
    def learns(self) -> str:
        """The request by which it is asked for its settings."""
        return "GetConfiguration" if self.old else "GetVariables"

    @property
    def sets(self) -> str:
        """The request by which its settings are changed."""
        return "ChangeConfiguration" if self.old else "SetVariables"

    async def boot(self, **extra: Any) -> None:
        """Boot, and wait until it is set up."""
        await (self.station.boot if self.old else self.station.boot2)(**extra)

    async def set_up(self) -> None:
        """Wait until it is set up."""
        await self.station.wait_received("TriggerMessage")

    async def status(self, status: str, at: str, connector: int = 1) -> None:
        """Tell a status of OCPP 1.6, or what says the same."""
        if self.old:
            await self.station.status(status, connector, timestamp=at)
            return
        words = {"Preparing": "Occupied", "Charging": "Occupied"}
        await self.station.status2(words.get(status, status), at, connector)

    async def start(
        self, at: str, *, connector: int = 1, energy_wh: int = 1000, name: str = "tx1"
    ) -> str:
        """Start a transaction; return its id."""
        if self.old:
            started = await self.station.start_transaction(at, connector, energy_wh)
            return str(started)
        await self._event("Started", at, name, energy_wh, connector)
        return name

    async def meter(
        self, transaction: str | None, at: str, energy_wh: float, connector: int = 1
    ) -> None:
        """Tell the energy."""
        if not self.old and transaction is not None:
            await self._event("Updated", at, transaction, energy_wh, connector)
            return
        value: Any = str(energy_wh) if self.old else energy_wh
        values = [{"timestamp": at, "sampledValue": [{"value": value}]}]
        where = "connectorId" if self.old else "evseId"
        payload: Payload = {where: connector, "meterValue": values}
        if transaction is not None:
            payload["transactionId"] = int(transaction)
        await self.station.call("MeterValues", payload)

    async def meters(
        self, transaction: str, times: list[str], energy_wh: float
    ) -> None:
        """Tell the energy at several times in one message."""
        where, value = (
            ("connectorId", str(energy_wh)) if self.old else ("evseId", energy_wh)
        )
        payload: Payload = {
            where: 1,
            "meterValue": [
                {"timestamp": at, "sampledValue": [{"value": value}]} for at in times
            ],
        }
        if self.old:
            payload["transactionId"] = int(transaction)
        await self.station.call("MeterValues", payload)

    async def power(self, transaction: str, at: str, power_w: float) -> None:
        """Tell the power alone, as a charger of OCPP 1.6."""
        watts = {"value": str(power_w), "measurand": "Power.Active.Import", "unit": "W"}
        await self.station.call(
            "MeterValues",
            {
                "connectorId": 1,
                "transactionId": int(transaction),
                "meterValue": [{"timestamp": at, "sampledValue": [watts]}],
            },
        )

    async def stop(
        self,
        transaction: str,
        at: str,
        energy_wh: int,
        reason: str = "Local",
        card: str | None = None,
    ) -> None:
        """Tell the end of a transaction, and the card that ended it."""
        if not self.old:
            why = "ChargingStateChanged" if card is None else "StopAuthorized"
            await self._event("Ended", at, transaction, energy_wh, None, reason, why)
            return
        named = {} if card is None else {"idTag": card}
        await self.station.call(
            "StopTransaction",
            {
                "transactionId": int(transaction),
                "meterStop": energy_wh,
                "timestamp": at,
                "reason": reason,
                **named,
            },
        )

    async def _event(
        self,
        kind: str,
        at: str,
        transaction: str,
        energy_wh: float,
        connector: int | None,
        stopped: str | None = None,
        reason: str = "ChargingStateChanged",
    ) -> None:
        more: Payload = {}
        if connector is not None:
            more["evse"] = {"id": connector, "connectorId": 1}
        await self.station.event(
            kind,
            at,
            self.sequence,
            transaction=transaction,
            state="Charging",
            reason=reason,
            energy_wh=energy_wh,
            stopped=stopped,
            **more,
        )
        self.sequence += 1

    def limits(self) -> list[tuple[int, Payload]]:
        """Return the profiles that it was sent: for which connector or EVSE, and what."""
        return [
            (request["connectorId"], request["csChargingProfiles"])
            if self.old
            else (request["evseId"], request["chargingProfile"])
            for request in self.station.received("SetChargingProfile")
        ]
