"""OCPP 2.0.1 and 2.1: what a station tells in parts after it was asked."""

import asyncio
from collections.abc import Callable
import contextlib
from dataclasses import dataclass, field
from typing import Any, override

from ..model import CommandError
from ..protocol.frames import Payload
from ..protocol.link import Link
from ..station.connectors import NUMBER_OF_CONNECTORS, own_word
from ..station.face import StationFace
from .commands import Commands2

_MOST_VARIABLES = 5000
_MOST_PARTS = 1000


@dataclass(slots=True)
class Report:
    """What has come of what was asked for."""

    parts: list[Payload] = field(default_factory=list)
    complete: asyncio.Event = field(default_factory=asyncio.Event)


class Reports2(Commands2):
    """Asks one connected station for reports, and takes in their parts."""

    def __init__(self, link: Link, station: StationFace) -> None:
        """Speak with this station on this link."""
        super().__init__(link, station)
        self._reports: dict[int, Report] = {}
        self.report_handlers: dict[str, Callable[[Payload], Payload]] = {
            "NotifyCustomerInformation": self._part,
            "NotifyDisplayMessages": self._part,
            "NotifyMonitoringReport": self._part,
            "NotifyReport": self._variables,
            "ReportChargingProfiles": self._part,
        }

    def _part(self, payload: Payload) -> Payload:
        """Take in a part; what nobody asked for is only answered."""
        if (report := self._reports.get(payload["requestId"])) is not None:
            if len(report.parts) < _MOST_PARTS:
                report.parts.append(payload)
            if not payload.get("tbc", False):
                report.complete.set()
        return {}

    def _variables(self, payload: Payload) -> Payload:
        """Take in a part of a report on the device model, whether it was asked for or not."""
        model = self.station.device_model
        for entry in payload.get("reportData", []):
            evse = entry["component"].get("evse", {})
            for attribute in entry["variableAttribute"]:
                name = _name(entry)
                if attribute.get("type", "Actual") == "Actual" and (
                    len(model) < _MOST_VARIABLES or name in model
                ):
                    model[name] = attribute.get("value")
            if entry["component"]["name"] == "Connector" and "connectorId" in evse:
                number = self.station.connectors.numbered(
                    evse["id"], evse["connectorId"]
                )
                self._told_connector(number)
        return self._part(payload)

    def _told_connector(self, number: int) -> None:
        """Note a connector that the device model has."""
        variables = self.station.variables
        variables[NUMBER_OF_CONNECTORS] = str(max(number, own_word(variables) or 1))
        self.station.reports.learnt()

    async def _ask_for(self, action: str, **payload: Any) -> list[Payload]:
        """Ask for something that comes in parts; none where the station has nothing of it.

        Raises:
            CommandError: the station refused, or did not tell all in time.

        """
        request_id = self.next_request_id()
        report = self._reports[request_id] = Report()
        try:
            answer = await self._call(action, {"requestId": request_id, **payload})
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

    async def _completed(self, report: Report) -> bool:
        """Wait for a report for as long as parts of it come; returns whether it became complete."""
        known = -1
        while known < len(report.parts):
            known = len(report.parts)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.station.timing.response_s):
                    await report.complete.wait()
                    return True
        return False

    async def _full_report(self) -> dict[str, str | None]:
        """Return the whole device model."""
        await self._ask_for("GetBaseReport", reportBase="FullInventory")
        return dict(self.station.device_model)

    @override
    async def report(self, component: str) -> dict[str, str | None]:
        wanted = [{"component": {"name": component}}]
        parts = await self._ask_for("GetReport", componentVariable=wanted)
        return {
            _name(entry): attribute.get("value")
            for part in parts
            for entry in part.get("reportData", [])
            for attribute in entry["variableAttribute"]
            if attribute.get("type", "Actual") == "Actual"
        }

    @override
    async def charging_profiles(self) -> list[Payload]:
        parts = await self._ask_for("GetChargingProfiles", chargingProfile={})
        return [
            {"evseId": part["evseId"], **profile}
            for part in parts
            for profile in part["chargingProfile"]
        ]

    @override
    async def display_messages(self) -> list[Payload]:
        parts = await self._ask_for("GetDisplayMessages")
        return [message for part in parts for message in part.get("messageInfo", [])]

    @override
    async def monitors(self) -> list[Payload]:
        parts = await self._ask_for("GetMonitoringReport")
        return [monitor for part in parts for monitor in part.get("monitor", [])]

    @override
    async def customer_information(self, id_token: str, *, clear: bool) -> str:
        token = self.token_of(id_token)
        parts = await self._ask_for(
            "CustomerInformation", report=True, clear=clear, idToken=token
        )
        ordered = sorted(parts, key=lambda part: int(part["seqNo"]))
        return "".join(part["data"] for part in ordered)


def _name(entry: Payload) -> str:
    """Return the name of a variable, with what it is of, as one word."""
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
