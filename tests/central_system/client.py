"""A charge point of raw frames: sends what a test asks for and answers by a table."""

import asyncio
from collections.abc import Callable
import itertools
import json
from typing import Any, Self

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

type Payload = dict[str, Any]
type Answer = Payload | str | Callable[[Payload], Payload | None] | None

# Far above what a loaded machine needs; what comes in is seen at once.
WAIT_S = 90.0

CONFIGURATION_16 = {
    "SupportedFeatureProfiles": "Core,SmartCharging,RemoteTrigger",
    "ChargingScheduleAllowedChargingRateUnit": "Current",
    "ChargeProfileMaxStackLevel": "8",
    "MeterValuesSampledData": "Energy.Active.Import.Register",
    "MeterValueSampleInterval": "60",
}


def get_configuration(request: Payload) -> Payload:
    """Answer GetConfiguration with what a common station has."""
    known = {key: CONFIGURATION_16.get(key) for key in request["key"]}
    return {
        "configurationKey": [
            {"key": key, "readonly": False, "value": value}
            for key, value in known.items()
            if value is not None
        ],
        "unknownKey": [key for key, value in known.items() if value is None],
    }


ANSWERS_16: dict[str, Answer] = {
    "GetConfiguration": get_configuration,
    "ChangeConfiguration": {"status": "Accepted"},
    "SetChargingProfile": {"status": "Accepted"},
    "ClearChargingProfile": {"status": "Accepted"},
    "TriggerMessage": {"status": "NotImplemented"},
    "RemoteStartTransaction": {"status": "Accepted"},
    "RemoteStopTransaction": {"status": "Accepted"},
    "Reset": {"status": "Accepted"},
    "UnlockConnector": {"status": "Unlocked"},
}


ANSWERS_2: dict[str, Answer] = {
    "GetVariables": lambda request: {
        "getVariableResult": [
            {
                "attributeStatus": "UnknownVariable",
                "component": data["component"],
                "variable": data["variable"],
            }
            for data in request["getVariableData"]
        ]
    },
    "SetVariables": lambda request: {
        "setVariableResult": [
            {
                "attributeStatus": "Accepted",
                "component": data["component"],
                "variable": data["variable"],
            }
            for data in request["setVariableData"]
        ]
    },
    "SetChargingProfile": {"status": "Accepted"},
    "TriggerMessage": {"status": "NotImplemented"},
    "RequestStartTransaction": {"status": "Accepted"},
    "RequestStopTransaction": {"status": "Accepted"},
    "Reset": {"status": "Accepted"},
    "UnlockConnector": {"status": "Unlocked"},
}


class Refused(Exception):
    """A CALLERROR of the central system."""

    def __init__(self, code: str) -> None:
        """Remember its code."""
        super().__init__(code)
        self.code = code


class RawStation:
    """One WebSocket of a charge point, with every frame that came in."""

    def __init__(
        self, session: ClientSession, websocket: ClientWebSocketResponse
    ) -> None:
        """Wrap an open WebSocket."""
        self.session = session
        self.websocket = websocket
        self.answers: dict[str, Answer] = dict(ANSWERS_16)
        self.requests: list[tuple[str, Payload]] = []  # of the central system
        self.frames: list[list[Any]] = []
        self._ids = itertools.count(1)
        self._news = asyncio.Condition()
        self._task = asyncio.create_task(self._read())

    @classmethod
    async def connect(
        cls,
        session: ClientSession,
        port: int,
        path: str = "/CP1",
        protocols: tuple[str, ...] = ("ocpp1.6",),
        **kwargs: Any,
    ) -> Self:
        """Connect to the central system on this machine."""
        url = f"ws://127.0.0.1:{port}{path}"
        return cls(
            session, await session.ws_connect(url, protocols=protocols, **kwargs)
        )

    async def _read(self) -> None:
        async for message in self.websocket:
            if message.type is not WSMsgType.TEXT:
                continue
            frame = json.loads(message.data)
            async with self._news:
                self.frames.append(frame)
                if frame[0] == 2:
                    self.requests.append((frame[2], frame[3]))
                self._news.notify_all()
            if frame[0] == 2:
                await self._answer(frame[1], frame[2], frame[3])
        async with self._news:
            self._news.notify_all()

    async def _answer(self, message_id: str, action: str, payload: Payload) -> None:
        answer = self.answers.get(action, "unknown")
        if callable(answer):
            answer = answer(payload)
        if answer == "unknown":
            await self.send([4, message_id, "NotImplemented", "", {}])
        elif answer is not None:
            await self.send([3, message_id, answer])

    async def send(self, frame: list[Any]) -> None:
        """Send a frame."""
        await self.websocket.send_str(json.dumps(frame))

    async def wait_for(self, found: Callable[[], Any]) -> Any:
        """Wait until `found` returns something true of what was received; return it."""
        async with asyncio.timeout(WAIT_S), self._news:
            await self._news.wait_for(lambda: found() or self._task.done())
        return found()

    async def call(self, action: str, payload: Payload) -> Payload:
        """Send a request; return its answer.

        Raises:
            Refused: it was answered by a CALLERROR.

        """
        message_id = f"cp-{next(self._ids)}"
        await self.send([2, message_id, action, payload])
        return await self.answer_to(message_id)

    async def answer_to(self, message_id: str) -> Payload:
        """Wait for the answer to a message."""

        def answer() -> list[Any] | None:
            return next(
                (f for f in self.frames if f[0] in (3, 4) and f[1] == message_id), None
            )

        frame = await self.wait_for(answer)
        assert frame is not None, "the connection was closed"
        if frame[0] == 4:
            raise Refused(frame[2])
        result: Payload = frame[2]
        return result

    def received(self, action: str) -> list[Payload]:
        """Return the requests of one action that were received so far."""
        return [payload for name, payload in self.requests if name == action]

    async def wait_received(self, action: str, times: int = 1) -> Payload:
        """Wait until a request of an action came in so many times; return the last."""
        await self.wait_for(lambda: len(self.received(action)) >= times)
        return self.received(action)[times - 1]

    async def boot(self, **extra: Any) -> Payload:
        """Boot as a station of OCPP 1.6."""
        return await self.call(
            "BootNotification",
            {"chargePointVendor": "Acme", "chargePointModel": "Wallbox 11", **extra},
        )

    async def boot2(self, **extra: Any) -> Payload:
        """Boot as a station of OCPP 2.x."""
        self.answers = {**ANSWERS_2, **self.answers}
        return await self.call(
            "BootNotification",
            {
                "reason": "PowerUp",
                "chargingStation": {"vendorName": "Acme", "model": "Two", **extra},
            },
        )

    async def status2(
        self, status: str, at: str, evse: int = 1, connector: int = 1
    ) -> None:
        """Tell the status of a connector of OCPP 2.x."""
        await self.call(
            "StatusNotification",
            {
                "evseId": evse,
                "connectorId": connector,
                "connectorStatus": status,
                "timestamp": at,
            },
        )

    async def event(
        self,
        kind: str,
        at: str,
        sequence: int,
        *,
        transaction: str = "tx1",
        state: str | None = None,
        reason: str = "ChargingStateChanged",
        energy_wh: float | None = None,
        stopped: str | None = None,
        **extra: Any,
    ) -> Payload:
        """Tell an event of a transaction of OCPP 2.x."""
        info: Payload = {"transactionId": transaction}
        if stopped is not None:
            info["stoppedReason"] = stopped
        if state is not None:
            info["chargingState"] = state
        payload: Payload = {
            "eventType": kind,
            "timestamp": at,
            "triggerReason": reason,
            "seqNo": sequence,
            "transactionInfo": info,
            **extra,
        }
        if energy_wh is not None:
            payload["meterValue"] = [
                {"timestamp": at, "sampledValue": [{"value": energy_wh}]}
            ]
        return await self.call("TransactionEvent", payload)

    async def status(self, status: str, connector: int = 1, **extra: Any) -> None:
        """Tell the status of a connector."""
        await self.call(
            "StatusNotification",
            {
                "connectorId": connector,
                "status": status,
                "errorCode": "NoError",
                **extra,
            },
        )

    async def start_transaction(
        self, at: str, connector: int = 1, meter: int = 1000, card: str = "TAG"
    ) -> int:
        """Start a transaction of OCPP 1.6; return its id."""
        answer = await self.call(
            "StartTransaction",
            {
                "connectorId": connector,
                "idTag": card,
                "meterStart": meter,
                "timestamp": at,
            },
        )
        assert answer["idTagInfo"]["status"] == "Accepted"
        transaction_id: int = answer["transactionId"]
        return transaction_id

    async def close(self) -> None:
        """Close the WebSocket, and wait until the other side has."""
        await self.websocket.close()
        await self._task
