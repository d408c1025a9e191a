"""What happens when a tick fails: it is reported once, nothing old is shown, and the next tick tries again."""

from datetime import datetime, timedelta
import logging

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..coordinator import SunfuseCoordinator
from ..engine.clock_change import move_attributes

_LOGGER = logging.getLogger(__name__)

# The engine's memory may be the cause; a momentary fault is over by then.
_FORGET_AFTER = timedelta(minutes=1)


class TickGuard:
    """Reports failing ticks to users, entities and the log.

    Nothing is sent to chargers meanwhile, so their offers lapse to their fail-safe current.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        coordinator: SunfuseCoordinator,
    ) -> None:
        """Watch the ticks of a site."""
        self._hass = hass
        self._entry = entry
        self._coordinator = coordinator
        self._since: datetime | None = None
        self.failure: Exception | None = None
        self.ever_worked = False

    @property
    def distrusts_memory(self) -> bool:
        """Return whether the engine should start with an empty memory: it never worked with this one, or no longer does."""
        if self._since is None:
            return False
        lasts = dt_util.utcnow() - self._since >= _FORGET_AFTER
        return lasts or not self.ever_worked

    @callback
    def clock_was_set(self, by: timedelta) -> None:
        """Shift stored times by the amount by which the wall clock was set forward."""
        move_attributes(self, by)

    @callback
    def failed(self, error: Exception) -> None:
        """Note that a tick failed."""
        self._since = self._since or dt_util.utcnow()
        if self.failure is None:
            _LOGGER.error(
                "%s cannot be controlled, so its chargers fall back to their fail-safe current; "
                "this is tried again every few seconds",
                self._entry.title,
                exc_info=error,
            )
            ir.async_create_issue(
                self._hass,
                DOMAIN,
                issue_id(self._entry),
                is_fixable=True,
                # fix_actions.py knows what that is; it starts from the whole, and this is a part.
                data={"entry_id": self._entry.entry_id, "fix": "reload"},
                severity=ir.IssueSeverity.ERROR,
                translation_key="tick_failed",
                translation_placeholders={
                    "site": self._entry.title,
                    # Texts of exceptions may contain anything; the log has all of it.
                    "error": type(error).__name__,
                },
            )
        self.failure = error
        self._coordinator.async_fail(error)

    @callback
    def worked(self) -> None:
        """Note that a tick was completed."""
        if not self.ever_worked or self.failure is not None:
            # An issue may be left of a set-up that was given up.
            ir.async_delete_issue(self._hass, DOMAIN, issue_id(self._entry))
        if self.failure is not None:
            _LOGGER.info("%s is controlled again", self._entry.title)
        self.ever_worked = True
        self.failure = self._since = None


def issue_id(entry: ConfigEntry) -> str:
    """Return the id of the repair issue of a site whose ticks fail."""
    return f"{entry.entry_id}_tick_failed"
