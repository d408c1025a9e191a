"""Repair issues about chargers: what they do not obey, what they refused, and who could not log in as one."""

from collections.abc import Iterator

from ..central_system.station_state import FailSafe, NewPassword
from ..engine.model import ConnectorProblem
from ..site.outcome import ConnectorData, ConnectorKey, SiteData
from .fix_actions import ABOUT, FIX, RESTART, SET_UP, TEST_FAIL_SAFE, TRY_LIMITS
from .password_repair import PASSWORD
from .repair_issue import RepairIssue


class ChargerIssues:
    """The issues of chargers, looked for again where something about a connector changed."""

    def __init__(self) -> None:
        """Begin with none."""
        self._known: dict[
            ConnectorKey, tuple[ConnectorData, tuple[RepairIssue, ...]]
        ] = {}

    def of(self, data: SiteData) -> Iterator[RepairIssue]:
        """Yield the issues of all chargers."""
        before, self._known = self._known, {}
        for key, connector in data.connectors.items():
            known = before.get(key)
            if known is None or known[0] is not connector:
                known = connector, tuple(_charger_issues(connector))
            self._known[key] = known
            yield from known[1]


def _charger_issues(connector: ConnectorData) -> Iterator[RepairIssue]:
    station = connector.station
    name = station.identity
    charger = (("charger", name),)
    if connector.decision.problem is ConnectorProblem.EXCEEDS_OFFER:
        yield RepairIssue(
            translation_key="exceeds_offer",
            about=connector.key.id,
            placeholders=charger,
            fix=((FIX, RESTART), (ABOUT, name)),
        )
    if connector.key.connector > 1:
        return
    if not station.takes_limits:
        yield RepairIssue(
            translation_key="cannot_be_limited",
            about=name,
            placeholders=charger,
            fix=((FIX, TRY_LIMITS), (ABOUT, name)),
        )
    elif station.fail_safe_set is False:
        yield RepairIssue(
            translation_key="fail_safe_refused",
            about=name,
            placeholders=charger,
            fix=((FIX, SET_UP), (ABOUT, name)),
        )
    elif station.fail_safe is FailSafe.DOES_NOT_FALL_BACK:
        yield RepairIssue(
            translation_key="does_not_fall_back",
            about=name,
            placeholders=charger,
            fix=((FIX, TEST_FAIL_SAFE), (ABOUT, name)),
        )
    if station.new_password in (NewPassword.NEEDS_RESTART, NewPassword.NOT_USED):
        yield RepairIssue(
            translation_key=f"new_password_{station.new_password}",
            about=name,
            placeholders=charger,
            fix=((FIX, RESTART), (ABOUT, name)),
        )
    if station.wrong_passwords:
        address = ("address", station.wrong_password_from or "?")
        yield RepairIssue(
            translation_key="wrong_password",
            about=name,
            placeholders=(*charger, address),
            fix=((PASSWORD, name),),
        )
