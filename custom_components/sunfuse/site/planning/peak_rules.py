"""The capacity tariffs of a site, as the user configured them."""

from collections.abc import Iterator
from dataclasses import dataclass
import logging
from typing import Self

from homeassistant.config_entries import ConfigEntry, ConfigSubentry

from ...const import SUBENTRY_CAPACITY
from ...sources.tariffs.capacity_rules import CapacityTariff, capacity_from_dict
from ...sources.tariffs.holidays import HolidayConfig
from ...sources.tariffs.table import TableError

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityRule:
    """A capacity tariff as the user configured it. `target_w` is what a `cap` stays below; None: the expected peak."""

    id: str
    name: str
    tariff: CapacityTariff
    cap: bool = False
    target_w: float | None = None
    holidays: HolidayConfig = HolidayConfig()
    meter_peak: str | None = None  # a sensor

    @classmethod
    def from_subentry(cls, subentry: ConfigSubentry) -> Self:
        """Read what the forms store."""
        return cls(
            id=subentry.subentry_id,
            name=subentry.title,
            tariff=capacity_from_dict(subentry.data.get("rule", {})),
            cap=subentry.data.get("cap", False),
            target_w=subentry.data.get("target_w"),
            holidays=HolidayConfig.from_dict(subentry.data),
            meter_peak=subentry.data.get("meter_peak"),
        )


def capacity_rules(entry: ConfigEntry) -> Iterator[CapacityRule]:
    """Yield the tariffs of a site; one that cannot be read becomes a repair issue, and the site still runs."""
    for subentry in entry.get_subentries_of_type(SUBENTRY_CAPACITY):
        try:
            yield CapacityRule.from_subentry(subentry)
        except TableError as error:
            _LOGGER.warning(
                "The tariff %s cannot be used: %s. Change it, or delete it and add it again",
                subentry.title,
                error,
            )
