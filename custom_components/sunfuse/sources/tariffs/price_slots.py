"""What the tariffs return: slots of price, and problems with a source."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ..series import Series


class PricePart(StrEnum):
    """What is read from a source of its own."""

    IMPORT = "import"
    EXPORT = "export"
    CARBON = "carbon"


class IssueKey(StrEnum):
    """A problem with a source; each has a sentence in the UI."""

    NOTHING_FOUND = "nothing_found"
    UNREADABLE = "unreadable"
    MISSING_VALUES = "missing_values"
    ABSURD_VALUES = "absurd_values"
    SCALE_CORRECTED = "scale_corrected"
    SCALE_UNKNOWN = "scale_unknown"
    UNIT_UNKNOWN = "unit_unknown"
    UNIT_UNREADABLE = "unit_unreadable"
    COPY_OF_TODAY = "copy_of_today"
    OUTDATED = "outdated"
    SOURCE_FAILED = "source_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceIssue:
    """A key, and its subject (an attribute, an entity, a message)."""

    key: IssueKey
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceReading:
    """The result of reading a source: currency per kWh (or grams per kWh), and problems."""

    series: Series = ()
    currency: str | None = None
    issues: tuple[PriceIssue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceSlot:
    """A quarter hour (or longer) with what a kWh costs, earns and emits.

    Prices are all-in, in `currency` per kWh. `estimated` means that the market has not
    published it yet. `carbon_g` is grams of CO2 equivalent per kWh, if known.
    """

    start: datetime
    end: datetime
    import_price: float
    export_price: float
    currency: str
    estimated: bool = False
    carbon_g: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Prices from now on, with the problems of their sources."""

    slots: tuple[PriceSlot, ...] = ()
    issues: tuple[PriceIssue, ...] = ()

    def at(self, at: datetime) -> PriceSlot | None:
        """Return the slot that contains an instant."""
        return next((slot for slot in self.slots if slot.start <= at < slot.end), None)

    def cheapest(self, after: datetime) -> PriceSlot | None:
        """Return the cheapest slot that has not ended, the earliest of equals."""
        ahead = (slot for slot in self.slots if slot.end > after)
        return min(
            ahead, key=lambda slot: (slot.import_price, slot.start), default=None
        )

    @property
    def known_until(self) -> datetime | None:
        """Return until when the market's own prices are known."""
        known = [slot.end for slot in self.slots if not slot.estimated]
        return max(known, default=None)
