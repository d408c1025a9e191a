"""Starts a boost, from its action or its switch, within the quota of the person who starts it."""

from datetime import timedelta

from homeassistant.core import Context, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util

from ...const import DOMAIN, WH_PER_KWH
from ...data import SunfuseConfigEntry
from ...drivers.person_terms import PersonStanding
from ...engine.cars.boost import quota_of, used_wh
from ...engine.model import Boost
from ..outcome import ConnectorKey, Holder


@callback
def start_boost(
    entry: SunfuseConfigEntry,
    key: ConnectorKey,
    context: Context | None,
    *,
    duration: timedelta | None = None,
    energy_wh: float | None = None,
) -> None:
    """Boost a connector for a time, an energy, or whichever ends first, which ends a pause.

    It counts against the quota of the person who charges there, whoever asks for it; if nobody is known, of the user
    who asks. A boost by an automation, without a user, has no quota.

    Raises:
        ServiceValidationError: the quota, or all energy of this month, is used up.

    """
    runtime = entry.runtime_data
    holder = runtime.chargers.holder(key)
    _check_month(holder)
    person = holder.subentry_id if holder else None
    if person is None and context is not None and context.user_id is not None:
        person = boosting_person(entry, context.user_id)
    if person is not None:
        _check_quota(entry, person)
    now = dt_util.utcnow()
    boost = Boost(
        started_at=now,
        until=now + duration if duration else None,
        energy_wh=energy_wh,
        person=person,
    )
    vehicle = runtime.demands.vehicle_at(key)
    for owner in (key.id, vehicle.id if vehicle else None):
        if owner is not None and runtime.departures.wishes(owner).paused_until:
            # The later word counts, as when a pause ends a boost.
            runtime.departures.change(owner, paused_until=None)
    runtime.settings.set_connector(key.id, boost=boost)
    runtime.controller.tick()


def _check_month(holder: Holder | None) -> None:
    """Refuse a boost to a person who has used up the energy of this month."""
    used_up = (PersonStanding.SUN_ONLY, PersonStanding.USED_UP)
    if holder is not None and holder.standing in used_up:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="month_quota_used",
            translation_placeholders={"person": holder.name},
        )


def _check_quota(entry: SunfuseConfigEntry, person: str) -> None:
    """Refuse a boost to a person who has used up their boosts."""
    runtime = entry.runtime_data
    snapshot = runtime.coordinator.data.snapshot
    if (quota_wh := quota_of(person, snapshot)) is None:
        return
    used = used_wh(person, snapshot, runtime.controller.memory)
    if used >= quota_wh:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="boost_quota_used",
            translation_placeholders={
                "used": f"{used / WH_PER_KWH:.1f}",
                "quota": f"{quota_wh / WH_PER_KWH:.1f}",
            },
        )


def boosting_person(entry: SunfuseConfigEntry, user_id: str) -> str:
    """Return against whose quota a user boosts a car of nobody known: that of the person who they are, or their own."""
    persons = entry.runtime_data.persons.of_user(user_id, None)
    return persons[0].id if persons else user_id


@callback
def cancel_boost(entry: SunfuseConfigEntry, key: ConnectorKey) -> None:
    """End a boost, if there is one."""
    entry.runtime_data.settings.set_connector(key.id, boost=None)
    entry.runtime_data.controller.tick()
