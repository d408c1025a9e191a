"""Charging profiles as a central system sends them: nearly the same in all versions of OCPP."""

from collections.abc import Mapping
from datetime import datetime

from .message_schemas import Payload
from .profile_stack import (
    Profile,
    ProfileKind,
    ProfilePeriod,
    ProfilePurpose,
    ProfileSchedule,
)

_DAY_S = 86400.0


def read_profile(
    sent: Payload,
    connector: int,
    purposes: Mapping[str, ProfilePurpose],
    now: datetime,
) -> Profile:
    """Return a profile that is sent for a connector now; `purposes` are those of the version, by their names."""
    schedules, transaction = sent["chargingSchedule"], sent.get("transactionId")
    # In 2.x there may be several schedules, and the ids have other names.
    schedule = schedules[0] if isinstance(schedules, list) else schedules
    weekly = sent.get("recurrencyKind") == "Weekly"
    return Profile(
        id=sent["id"] if "id" in sent else sent["chargingProfileId"],
        connector=connector,
        stack_level=sent["stackLevel"],
        purpose=purposes[sent["chargingProfilePurpose"]],
        kind=ProfileKind(sent["chargingProfileKind"]),
        repeats_s=7 * _DAY_S if weekly else _DAY_S,
        valid_from=_time(sent, "validFrom"),
        valid_to=_time(sent, "validTo"),
        transaction=None if transaction is None else str(transaction),
        installed_at=now,
        max_offline_s=sent.get("maxOfflineDuration"),
        invalid_after_offline=sent.get("invalidAfterOfflineDuration", False),
        schedule=ProfileSchedule(
            unit=schedule["chargingRateUnit"],
            start=_time(schedule, "startSchedule"),
            duration_s=schedule.get("duration"),
            periods=tuple(
                ProfilePeriod(
                    start_s=period["startPeriod"],
                    # In 2.1 a period may have a set point alone.
                    limit=float(period.get("limit", period.get("setpoint", 0))),
                    phases=period.get("numberPhases"),
                )
                for period in schedule["chargingSchedulePeriod"]
            ),
        ),
    )


def _time(sent: Payload, name: str) -> datetime | None:
    text = sent.get(name)
    return datetime.fromisoformat(text) if text else None
