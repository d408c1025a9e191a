"""Limits as charging profiles of OCPP 1.6, in the shape that the station accepts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
import math
from typing import Self

from ...protocol.frames import Payload
from ...station_commands import Limit, Schedule
from ...station_state import StationConfig
from ..clock import format_time
from ..quirks import Behaviour, Kind, Purpose

# Profile ids: the lasting one (several where each connector needs its own), and one live limit per connector.
LASTING_PROFILE = 100
LIVE_PROFILE = 200
# What was learned, among the station's variables.
LEARNT_PURPOSE = "LivePurpose"
POWER_IN_ALL = "PowerOfPhasesInUse"
_PURPOSES = {
    Purpose.TX_PROFILE: "TxProfile",
    Purpose.TX_DEFAULT: "TxDefaultProfile",
    Purpose.STATION_MAX: "ChargePointMaxProfile",
}
_LONG_AGO = "2020-01-01T00:00:00.000Z"


def _multiple(current_a: float) -> float:
    """Return a current, lowered to one that also floating point takes for a multiple of 0.1 A.

    The schema of OCPP 1.6 demands a multiple of 0.1. To stations that check it by division (open-ocpp), 11.6 is none.
    """
    tenths = math.floor(current_a * 10 + 1e-6)
    while not (tenths / 10 / 0.1).is_integer():
        tenths -= 1
    return tenths / 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How a station accepts limits: what it reported, and what is known about its make."""

    config: StationConfig
    behaviour: Behaviour
    variables: Mapping[str, str | None]

    @property
    def unit(self) -> str:
        """The unit of the station's limits: amperes, unless it knows only watts."""
        if self.behaviour.unit is not None:
            return self.behaviour.unit
        allowed = self.variables.get("ChargingScheduleAllowedChargingRateUnit")
        words = {word.strip().lower() for word in (allowed or "").split(",")}
        amperes = {"current", "a"} & words
        return "W" if {"power", "w"} & words and not amperes else "A"

    @property
    def max_stack_level(self) -> int:
        """The highest stack level that the station has."""
        level = self.variables.get("ChargeProfileMaxStackLevel")
        return int(level) if level and level.isdecimal() else 0

    @property
    def switches_phases(self) -> bool:
        """Whether the station can charge on one phase although it has three."""
        if self.behaviour.switches_phases is not None:
            return self.behaviour.switches_phases
        return self._reports("ConnectorSwitch3to1PhaseSupported") or self.selects_phase

    @property
    def selects_phase(self) -> bool:
        """Whether a station of 2.x allows the single phase to be chosen."""
        return self._reports("ACPhaseSwitchingSupported")

    @property
    def live_purpose(self) -> Purpose:
        """Which profile sets live limits, as far as that is known."""
        learnt = self.variables.get(LEARNT_PURPOSE)
        if learnt is None or learnt not in tuple(Purpose):
            learnt = Purpose.TX_PROFILE
        return self.behaviour.live_purpose or Purpose(learnt)

    def with_live(self, purpose: Purpose) -> Self:
        """Return the same shape with live limits set by another profile."""
        return replace(self, behaviour=replace(self.behaviour, live_purpose=purpose))

    @property
    def lasting_levels(self) -> list[int]:
        """The stack levels to try for the lasting profile; live limits need one above it.

        One below the highest: some firmware (MicroOcpp) loses the highest level when it boots.
        """
        if self.behaviour.lasting_stack_level is not None:
            return [self.behaviour.lasting_stack_level]
        if self.live_purpose is not Purpose.TX_PROFILE:
            return [0]
        return sorted({max(self.max_stack_level - 1, 0), 0}, reverse=True)

    @property
    def dynamic(self) -> bool:
        """Whether the station accepts profiles whose limit is changed by a message of its own (OCPP 2.1 K28)."""
        return self._reports("SupportsDynamicProfiles") and (
            self.live_purpose is Purpose.TX_PROFILE
        )

    @property
    def lapses_offline(self) -> bool | None:
        """Whether profiles of 2.1 may state how long they hold while the station is offline; None: not reported."""
        known = self.variables.get("SupportsMaxOfflineDuration")
        return None if known is None else self._reports("SupportsMaxOfflineDuration")

    @property
    def power_in_all(self) -> bool:
        """Whether a limit in watts is the total draw of the phases in use."""
        return self.unit == "W" and self._reports(POWER_IN_ALL)

    def value(self, limit: Limit) -> float:
        """Return a limit in the station's unit."""
        if self.unit == "A":
            return _multiple(limit.current_a)
        phases = limit.phases or self.config.phases
        return float(int(limit.current_a * self.config.voltage_v * phases))

    def _reports(self, key: str) -> bool:
        return (self.variables.get(key) or "").strip().lower() == "true"

    @property
    def smart(self) -> bool:
        """Whether the station knows charging profiles at all."""
        profiles = self.variables.get("SupportedFeatureProfiles")
        return profiles is None or "smartcharging" in profiles.lower().replace(" ", "")

    def lasting(self, limit: Limit, kind: Kind, stack_level: int) -> Payload:
        """Return the profile with which transactions start and to which they fall back."""
        # A TxDefaultProfile would cap what the maximum of the station allows.
        purpose = _PURPOSES[Purpose.TX_DEFAULT]
        if self.live_purpose is Purpose.STATION_MAX:
            purpose = _PURPOSES[Purpose.STATION_MAX]
        profile = self._profile(LASTING_PROFILE, purpose, stack_level, limit)
        if kind is Kind.ABSOLUTE:
            profile["chargingProfileKind"] = "Absolute"
            profile["chargingSchedule"]["startSchedule"] = _LONG_AGO
        return profile

    def live(self, connector: int, limit: Limit, transaction_id: str | None) -> Payload:
        """Return the profile of a live limit."""
        stack_level = min(1, self.max_stack_level)
        purpose = _PURPOSES[Purpose.TX_PROFILE]
        if self.live_purpose is not Purpose.TX_PROFILE:
            purpose, transaction_id = _PURPOSES[self.live_purpose], None
            stack_level = self.max_stack_level
        profile = self._profile(self.live_id(connector), purpose, stack_level, limit)
        if transaction_id is not None:
            profile["transactionId"] = transaction_id
        return profile

    @staticmethod
    def live_id(connector: int) -> int:
        """Return the id of the live limit of a connector."""
        return LIVE_PROFILE + connector

    @staticmethod
    def connector_of(profile_id: int) -> int:
        """Return the connector whose live limit has an id; connectors start at 1."""
        return profile_id - LIVE_PROFILE

    def _profile(
        self, profile_id: int, purpose: str, stack_level: int, limit: Limit
    ) -> Payload:
        schedule: Payload = {
            "chargingRateUnit": self.unit,
            "chargingSchedulePeriod": [self._period(limit)],
        }
        if limit.duration_s is not None:
            schedule["duration"] = limit.duration_s
        if limit.start is not None:
            schedule["startSchedule"] = format_time(limit.start)
        return {
            "chargingProfileId": profile_id,
            "stackLevel": stack_level,
            "chargingProfilePurpose": purpose,
            "chargingProfileKind": "Absolute" if limit.start else "Relative",
            "chargingSchedule": schedule,
        }

    def _period(self, limit: Limit) -> Payload:
        phases = limit.phases or self.config.phases
        period: Payload = {"startPeriod": 0, "limit": self.value(limit)}
        switches = self.config.phases > 1 and self.switches_phases
        if switches or self.unit == "W" or self.behaviour.number_phases:
            period["numberPhases"] = phases
        return period

    def read(self, schedule: Payload) -> Schedule:
        """Read a composite schedule, in either unit.

        A negative limit is no limit (MicroOcpp writes -1); nor is a period of 2.1 that has neither limit nor set point.
        """
        watts = schedule["chargingRateUnit"] == "W"
        steps = []
        for period in schedule["chargingSchedulePeriod"]:
            limit = float(period.get("limit", period.get("setpoint", math.inf)))
            if period.get("limit", 0) < 0:
                limit = math.inf
            if watts:
                phases = period.get("numberPhases", self.config.phases) or 1
                limit /= self.config.voltage_v * phases
            steps.append((float(period["startPeriod"]), limit))
        return Schedule(
            steps=tuple(sorted(steps)),
            duration_s=float(schedule.get("duration", math.inf)),
        )
