"""OCPP 2.x: what a station reports in parts on request."""

import asyncio
from collections.abc import Mapping
import contextlib
from dataclasses import dataclass, field
from typing import Any

from ..onboarding.incoming_requests import ActionHandler
from ..protocol.frames import Payload
from ..protocol.requests import Requests
from ..station.clock import parse_time
from ..station.connector_count import NUMBER_OF_CONNECTORS, own_word
from ..station.station_interface import StationInterface
from ..station_state import CommandError
from .availability import Availability2

_MOST_VARIABLES = 5000
_MOST_PARTS = 1000


@dataclass(slots=True)
class RequestedReport:
    """What has arrived of a requested report. Its parts may overtake each other, also the last one."""

    parts: list[Payload] = field(default_factory=list)
    complete: asyncio.Event = field(default_factory=asyncio.Event)
    _numbers: set[int] = field(default_factory=set)
    _last: int | None = None

    def take(self, part: Payload) -> None:
        """Take a part. Reports of some kinds are not numbered, and some stations number all parts alike.

        One whose answer was lost is sent again, with the same number and content, though maybe with another time.
        """
        if len(self.parts) >= _MOST_PARTS:
            return
        number = part.get("seqNo", 0)
        if number in self._numbers and any(_same(part, known) for known in self.parts):
            return
        self.parts.append(part)
        self._numbers.add(number)
        if not part.get("tbc", False):
            self._last = number
        if self._last is not None and self._count > self._last:
            self.complete.set()

    @property
    def ended(self) -> bool:
        """Whether nothing is missing if the station counts from 1."""
        return self._last is not None and (
            self._count > self._last - min(self._numbers)
        )

    @property
    def _count(self) -> int:
        alike = len(self._numbers) == 1
        return len(self.parts) if alike else len(self._numbers)


def _same(part: Payload, other: Payload) -> bool:
    return part | {"generatedAt": None} == other | {"generatedAt": None}


class Reports2:
    """Requests reports from one connected station, and collects their parts. Requests raise CommandError."""

    def __init__(
        self,
        requests: Requests,
        station: StationInterface,
        availability: Availability2,
    ) -> None:
        """Store the reported device model in the station, and the status of its connectors."""
        self._availability = availability
        self._requests = requests
        self._station = station
        self._reports: dict[int, RequestedReport] = {}
        self.by_action: Mapping[str, ActionHandler] = {
            "NotifyCustomerInformation": self._part,
            "NotifyDisplayMessages": self._part,
            "NotifyMonitoringReport": self._part,
            "NotifyReport": self._variables,
            "ReportChargingProfiles": self._part,
        }

    def _part(self, payload: Payload) -> Payload:
        """Collect a part; one that was not requested is only answered."""
        if (report := self._reports.get(payload["requestId"])) is not None:
            report.take(payload)
        return {}

    def _variables(self, payload: Payload) -> Payload:
        """Collect a part of a report on the device model, whether it was requested or not."""
        model = self._station.device_model
        at = self._station.ours(parse_time(payload["generatedAt"]))
        for entry in payload.get("reportData", []):
            evse = entry["component"].get("evse", {})
            for attribute in entry["variableAttribute"]:
                name = _name(entry)
                if attribute.get("type", "Actual") == "Actual" and (
                    len(model) < _MOST_VARIABLES or name in model
                ):
                    model[name] = attribute.get("value")
            if entry["component"]["name"] == "Connector" and "connectorId" in evse:
                self._count(
                    self._station.connectors.numbered(evse["id"], evse["connectorId"])
                )
            self._availability.reported(entry, model.get(_name(entry)), at)
        return self._part(payload)

    def _count(self, number: int) -> None:
        """Note a connector of the device model."""
        variables = self._station.variables
        variables[NUMBER_OF_CONNECTORS] = str(max(number, own_word(variables) or 1))
        self._station.reports.learnt()

    async def _ask_for(self, action: str, **payload: Any) -> list[Payload]:
        """Request something that arrives in parts; none if the station has nothing of it.

        Raises:
            CommandError: the station refused, or did not report everything in time.

        """
        request_id = self._requests.next_id()
        report = self._reports[request_id] = RequestedReport()
        try:
            answer = await self._requests.call(
                action, {"requestId": request_id, **payload}
            )
            status: str = answer["status"]
            if status in ("NoProfiles", "EmptyResultSet", "Unknown"):
                return []
            if status != "Accepted":
                key = "not_supported" if status == "NotSupported" else "refused"
                raise CommandError(key, f"{action}: {status}")
            if not await self._completed(report):
                raise CommandError("timeout", action)
        finally:
            del self._reports[request_id]
        return report.parts

    async def _completed(self, report: RequestedReport) -> bool:
        """Wait for a report for as long as parts of it arrive; returns whether it became complete."""
        known = -1
        while known < len(report.parts):
            known = len(report.parts)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._station.timing.response_s):
                    await report.complete.wait()
                    return True
        return report.ended

    async def device_model(self) -> dict[str, str | None]:
        """Return the whole device model."""
        await self._ask_for("GetBaseReport", reportBase="FullInventory")
        return dict(self._station.device_model)

    async def component(self, component: str) -> dict[str, str | None]:
        """Return the variables of a component."""
        wanted = [{"component": {"name": component}}]
        parts = await self._ask_for("GetReport", componentVariable=wanted)
        return {
            _name(entry): attribute.get("value")
            for part in parts
            for entry in part.get("reportData", [])
            for attribute in entry["variableAttribute"]
            if attribute.get("type", "Actual") == "Actual"
        }

    async def charging_profiles(self) -> list[Payload]:
        """Return the charging profiles of the station, as it reports them."""
        parts = await self._ask_for("GetChargingProfiles", chargingProfile={})
        return [
            {"evseId": part["evseId"], **profile}
            for part in parts
            for profile in part["chargingProfile"]
        ]

    async def display_messages(self) -> list[Payload]:
        """Return the messages on the station's display, as it reports them."""
        parts = await self._ask_for("GetDisplayMessages")
        return [message for part in parts for message in part.get("messageInfo", [])]

    async def monitors(self) -> list[Payload]:
        """Return the monitors that are set, as the station reports them."""
        parts = await self._ask_for("GetMonitoringReport")
        return [monitor for part in parts for monitor in part.get("monitor", [])]

    async def customer_information(self, id_token: Payload, *, clear: bool) -> str:
        """Return what the station stores about a card's owner, and make it delete that if asked to."""
        parts = await self._ask_for(
            "CustomerInformation", report=True, clear=clear, idToken=id_token
        )
        ordered = sorted(parts, key=lambda part: int(part["seqNo"]))
        return "".join(part["data"] for part in ordered)


def _name(entry: Payload) -> str:
    """Return the name of a variable with its component, as one word."""
    component, variable = entry["component"], entry["variable"]
    evse = component.get("evse", {})
    parts = (
        component["name"],
        component.get("instance"),
        evse.get("id"),
        evse.get("connectorId"),
        variable["name"],
        variable.get("instance"),
    )
    return ".".join(str(part) for part in parts if part is not None)
