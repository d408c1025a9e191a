"""Repair issues: before Home Assistant shows them, and while it does."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from ..central_system.protocol.text import escaped
from ..const import DOMAIN

# A fix may take a while to help, as a restart does; a problem that lasts is shown again then.
SHOWN_AGAIN_AFTER = timedelta(minutes=5)

# Placeholders that users or chargers have typed: they are text, whatever markup is in them.
_TYPED = frozenset(
    (
        "charger",
        "circuit",
        "detail",
        "device",
        "item",
        "names",
        "parent",
        "site",
        "tariff",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairIssue:
    """A repair issue: its translation, what it is about, and what its text names."""

    translation_key: str
    about: str
    placeholders: tuple[tuple[str, str], ...]
    fix: tuple[tuple[str, str], ...] = ()  # what repairs.py needs to fix it


class ShownIssues:
    """The issues of a site that Home Assistant shows."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Start with none."""
        self._hass = hass
        self._entry = entry
        self._shown: dict[str, RepairIssue] = {}
        self._fixed_at: dict[str, datetime] = {}

    @callback
    def show(self, issues: Iterable[RepairIssue]) -> None:
        """Show these, and no others."""
        found = {
            f"{self._entry.entry_id}_{issue.translation_key}_{issue.about}": issue
            for issue in issues
        }
        for issue_id in self._shown.keys() - found.keys():
            self._forget(issue_id)
        self._drop_lasting()
        for issue_id, issue in found.items():
            if self._shown.get(issue_id) != issue:
                self._create(issue_id, issue)

    @callback
    def clear(self) -> None:
        """Show none of them."""
        for issue_id in list(self._shown):
            self._forget(issue_id)

    def _drop_lasting(self) -> None:
        """Take a problem for a new one that its fix has not solved: Home Assistant removes what a user has fixed."""
        now, registry = dt_util.utcnow(), ir.async_get(self._hass)
        for issue_id in list(self._shown):
            if registry.async_get_issue(DOMAIN, issue_id) is not None:
                continue
            if now - self._fixed_at.setdefault(issue_id, now) >= SHOWN_AGAIN_AFTER:
                self._forget(issue_id)

    def _forget(self, issue_id: str) -> None:
        ir.async_delete_issue(self._hass, DOMAIN, issue_id)
        del self._shown[issue_id]
        self._fixed_at.pop(issue_id, None)

    def _create(self, issue_id: str, issue: RepairIssue) -> None:
        self._shown[issue_id] = issue
        self._fixed_at.pop(issue_id, None)
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            issue_id,
            is_fixable=bool(issue.fix),
            data={"entry_id": self._entry.entry_id, **dict(issue.fix)},
            severity=ir.IssueSeverity.WARNING,
            translation_key=issue.translation_key,
            translation_placeholders={
                name: escaped(value) if name in _TYPED else value
                for name, value in issue.placeholders
            },
        )
