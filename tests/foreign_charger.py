"""A charger written from the specification of OCPP alone, with a car on it, and with the faults of real ones.

It stores charging profiles as the specification says (part 2, section K; 1.6 section 5.16): a TxProfile is above a
TxDefaultProfile, and each counts until its duration is over. The car takes what it allows.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from aiohttp import ClientSession

from .central_system.client import ANSWERS_2, ANSWERS_16, Answer, Payload, RawStation

VOLTS = 230.0
ACCEPTED = {"status": "Accepted"}
REJECTED = {"status": "Rejected"}


def _rejected(request: Payload, asked: str, result: str) -> Payload:
    """Answer each variable of a request of 2.0.1 with a rejection."""
    return {
        result: [
            {
                "attributeStatus": "Rejected",
                "component": data["component"],
                "variable": data["variable"],
            }
            for data in request[asked]
        ]
    }


# GetConfiguration has no status: all that it can say is that it knows no key.
REFUSALS: dict[str, Answer] = {
    "GetConfiguration": lambda request: {"unknownKey": request["key"]},
    "ChangeConfiguration": REJECTED,
    "TriggerMessage": REJECTED,
    "ClearChargingProfile": {"status": "Unknown"},
    "GetVariables": lambda r: _rejected(r, "getVariableData", "getVariableResult"),
    "SetVariables": lambda r: _rejected(r, "setVariableData", "setVariableResult"),
    "GetBaseReport": REJECTED,
}


@dataclass(frozen=True, kw_only=True)
class Faults:
    """What differs from a good charger."""

    has_profiles: bool = True  # else SetChargingProfile is not implemented
    least_a: float = 0.0  # refuses profiles with less
    most_a: float = 1000.0  # and with more
    only_watts: bool = False  # reports no currents
    no_limit: float | None = (
        None  # what its composite schedule says where nothing limits it
    )
    starts_itself: bool = True  # as soon as a car is plugged in
    starts_when_told: bool = True  # else it accepts, and nothing happens
    refuses_questions: bool = False  # rejects all but limits, starts and stops
    refuses_all: bool = False  # knows nothing that it is asked
    refuses_stops: bool = False
    vendor: str = "Foreign"


@dataclass(kw_only=True)
class Profile:
    """A charging profile that the charger has."""

    purpose: str
    limit_a: float
    since: datetime
    duration_s: float | None

    def holds(self, at: datetime) -> bool:
        """Whether it counts at a time."""
        if self.duration_s is None:
            return True
        return at < self.since + timedelta(seconds=self.duration_s)


@dataclass(kw_only=True)
class ForeignCharger:
    """One charger with one connector."""

    station: RawStation
    version: str
    faults: Faults = Faults()
    max_a: float = 16.0
    car_a: float = 16.0  # what the car takes at most
    phases: int = 3
    profiles: dict[int, Profile] = field(default_factory=dict)
    transaction: str | None = None
    started: int = 0
    told_to_start: int = 0
    stopped: list[str] = field(default_factory=list)
    # The limits that it was sent for its transactions, each with the transaction that was running then.
    told: list[tuple[str | None, float]] = field(default_factory=list)
    asked: int = 0  # how often it was sent a profile
    energy_wh: float = 1000.0
    sequence: int = 0
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    @classmethod
    async def connect(
        cls,
        session: ClientSession,
        port: int,
        identity: str,
        version: str,
        **more: Any,
    ) -> Self:
        """Connect, and answer what comes."""
        station = await RawStation.connect(
            session, port, f"/{identity}", protocols=(f"ocpp{version}",)
        )
        charger = cls(station=station, version=version, **more)
        charger.answer_on(station)
        return charger

    def answer_on(self, station: RawStation) -> None:
        """Answer what comes on a connection."""
        self.station = station
        if not self.old:
            station.answers |= ANSWERS_2
        if self.faults.refuses_questions:
            station.answers |= REFUSALS
        if self.faults.refuses_all:
            station.answers |= dict.fromkeys((*ANSWERS_16, *ANSWERS_2), "unknown")
            return
        station.answers |= {
            "SetChargingProfile": self._set_profile,
            "RemoteStartTransaction": self._remote_start,
            "RequestStartTransaction": self._remote_start,
            "RemoteStopTransaction": self._remote_stop,
            "RequestStopTransaction": self._remote_stop,
            "GetCompositeSchedule": self._composite,
        }

    @property
    def old(self) -> bool:
        """Whether it speaks 1.6."""
        return self.version == "1.6"

    # What it is asked

    def _set_profile(self, request: Payload) -> Any:
        self.asked += 1
        if not self.faults.has_profiles:
            return "unknown"
        profile = request.get("csChargingProfiles") or request["chargingProfile"]
        return ACCEPTED if self._take(profile) else {"status": "Rejected"}

    def _take(self, profile: Payload) -> bool:
        schedule = profile["chargingSchedule"]
        schedule = schedule if isinstance(schedule, dict) else schedule[0]
        limit = schedule["chargingSchedulePeriod"][0]["limit"]
        if schedule["chargingRateUnit"] == "W":
            limit /= VOLTS * self.phases
        purpose = profile["chargingProfilePurpose"]
        if purpose == "TxProfile":
            self.told.append((self.transaction, limit))
        if not self.faults.least_a <= limit <= self.faults.most_a:
            return False
        number: int = profile["chargingProfileId" if self.old else "id"]
        self.profiles[number] = Profile(
            purpose=purpose,
            limit_a=limit,
            since=datetime.now(UTC),
            duration_s=schedule.get("duration"),
        )
        return True

    def _remote_start(self, request: Payload) -> Payload:
        if self.transaction is not None:
            return {"status": "Rejected"}
        if self.faults.has_profiles and "chargingProfile" in request:
            self._take(request["chargingProfile"])
        self.told_to_start += 1
        if self.faults.starts_when_told:
            self._spawn(self.start())
        return ACCEPTED

    def _remote_stop(self, request: Payload) -> Payload:
        if (
            self.faults.refuses_stops
            or str(request["transactionId"]) != self.transaction
        ):
            return {"status": "Rejected"}
        self._spawn(self.stop("Remote"))
        return ACCEPTED

    def limit_at(self, at: datetime) -> float | None:
        """Return what limits it at a time, None where nothing does."""
        for purpose in ("TxProfile", "TxDefaultProfile"):
            holding = [
                profile.limit_a
                for profile in self.profiles.values()
                if profile.purpose == purpose and profile.holds(at)
            ]
            if holding:
                return holding[-1]
        return None

    def _composite(self, request: Payload) -> Any:
        if self.faults.no_limit is None:
            return "unknown"
        now = datetime.now(UTC)
        moments = [
            0,
            *(
                (p.since - now).total_seconds() + p.duration_s
                for p in self.profiles.values()
                if p.duration_s is not None and p.holds(now)
            ),
        ]
        periods = []
        for start in sorted(moments):
            limit = self.limit_at(now + timedelta(seconds=start))
            limit = self.faults.no_limit if limit is None else limit
            periods.append({"startPeriod": int(start), "limit": limit})
        schedule: Payload = {
            "duration": request["duration"],
            "chargingRateUnit": request["chargingRateUnit"],
            "chargingSchedulePeriod": periods,
        }
        if self.old:
            return ACCEPTED | {"connectorId": 1, "chargingSchedule": schedule}
        schedule |= {"evseId": 1, "scheduleStart": _text()}
        return ACCEPTED | {"schedule": schedule}

    # What it does

    async def boot(self) -> None:
        """Boot, with no car."""
        if self.old:
            await self.station.boot(chargePointVendor=self.faults.vendor)
        else:
            await self.station.boot2(vendorName=self.faults.vendor)
        await self.status("Available")

    async def boot_again(self, status: str) -> None:
        """Boot on another connection, with the car that was there before."""
        await self.station.boot(chargePointVendor=self.faults.vendor)
        await self.status(status)

    async def status(self, status: str) -> None:
        """Tell the status of its connector."""
        if self.old:
            await self.station.status(status)
        else:
            word = status if status == "Available" else "Occupied"
            await self.station.status2(word, _text())

    async def plug_in(self) -> None:
        """Plug a car in; the meter reports from then on what it takes."""
        await self.status("Preparing")
        self._spawn(self._measure())
        if self.faults.starts_itself:
            await self.start()

    async def start(self) -> None:
        """Start a transaction."""
        self.started += 1
        if self.old:
            number = await self.station.start_transaction(
                _text(), meter=int(self.energy_wh)
            )
            self.transaction = str(number)
            await self.status("Charging")
            return
        self.sequence = 0
        self.transaction = f"tx{self.started}"
        await self._event("Started", state="Charging")

    async def stop(self, reason: str) -> None:
        """Stop the transaction; the car stays where it is."""
        transaction, self.transaction = self.transaction, None
        self.stopped.append(reason)
        self.profiles = {
            number: profile
            for number, profile in self.profiles.items()
            if profile.purpose != "TxProfile"
        }
        if self.old:
            await self.station.call(
                "StopTransaction",
                {
                    "transactionId": int(transaction or 0),
                    "meterStop": int(self.energy_wh),
                    "timestamp": _text(),
                    "reason": reason,
                },
            )
            await self.status("Finishing")
            return
        await self._event(
            "Ended",
            transaction=transaction,
            state="EVConnected",
            stopped=reason,
        )

    @property
    def drawn_a(self) -> float:
        """What the car takes now, per phase."""
        if self.transaction is None:
            return 0.0
        limit_a = self.limit_at(datetime.now(UTC))
        most_a = min(self.max_a, self.car_a)
        drawn_a = most_a if limit_a is None else min(most_a, limit_a)
        return drawn_a if drawn_a >= 6 else 0.0

    async def _measure(self) -> None:
        """Tell every half second what the car takes."""
        while not self.station.websocket.closed:
            if self.transaction is not None:
                await self._report_meter()
            await asyncio.sleep(0.5)

    async def _report_meter(self) -> None:
        drawn_a = self.drawn_a
        watts = drawn_a * self.phases * VOLTS
        self.energy_wh += watts * 0.5 / 3600
        values: list[tuple[str, str | None, float]] = [
            ("Energy.Active.Import.Register", None, self.energy_wh)
        ]
        values.append(("Power.Active.Import", None, watts))
        if not self.faults.only_watts:
            values += [
                (
                    "Current.Import",
                    f"L{phase + 1}",
                    drawn_a if phase < self.phases else 0.0,
                )
                for phase in range(3)
            ]
        sampled = [
            {
                "measurand": measurand,
                "value": str(value) if self.old else value,
                **({"phase": phase} if phase else {}),
            }
            for measurand, phase, value in values
        ]
        meter = [{"timestamp": _text(), "sampledValue": sampled}]
        if self.old:
            transaction = int(self.transaction or 0)
            await self.station.call(
                "MeterValues",
                {"connectorId": 1, "transactionId": transaction, "meterValue": meter},
            )
            return
        state = "Charging" if drawn_a else "SuspendedEVSE"
        await self._event("Updated", state=state, meter=meter)

    async def _event(
        self,
        kind: str,
        *,
        state: str,
        transaction: str | None = None,
        stopped: str | None = None,
        meter: list[Payload] | None = None,
    ) -> None:
        info: Payload = {
            "transactionId": transaction or self.transaction,
            "chargingState": state,
        }
        if stopped is not None:
            info["stoppedReason"] = stopped
        payload: Payload = {
            "eventType": kind,
            "timestamp": _text(),
            "triggerReason": "ChargingStateChanged",
            "seqNo": self.sequence,
            "transactionInfo": info,
            "evse": {"id": 1, "connectorId": 1},
        }
        if meter is not None:
            payload["meterValue"] = meter
        self.sequence += 1
        await self.station.call("TransactionEvent", payload)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """End all that it does."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.station.close()


def _text() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
