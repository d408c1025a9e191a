"""Whether a person may charge: from when until when, and how much a month."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class QuotaOver(StrEnum):
    """What happens once the energy of a month is used up."""

    SUN = "sun"  # solar surplus only, until the month is over
    REFUSE = "refuse"  # cards are refused, and what runs is paused


class PersonStanding(StrEnum):
    """Whether a person may charge now."""

    VALID = "valid"
    NOT_YET = "not_yet"
    EXPIRED = "expired"
    SUN_ONLY = "sun_only"  # the quota is used up
    USED_UP = "used_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonTerms:
    """What was agreed with a person. Both days are included; None means no limit."""

    valid_from: date | None = None
    valid_until: date | None = None
    quota_wh: float | None = None  # a month
    quota_over: QuotaOver = QuotaOver.SUN


def standing_of(terms: PersonTerms, today: date, used_wh: float) -> PersonStanding:
    """Return whether a person may charge on a day on which they have used this much of the month's energy."""
    if terms.valid_from is not None and today < terms.valid_from:
        return PersonStanding.NOT_YET
    if terms.valid_until is not None and today > terms.valid_until:
        return PersonStanding.EXPIRED
    if terms.quota_wh is None or used_wh < terms.quota_wh:
        return PersonStanding.VALID
    if terms.quota_over is QuotaOver.SUN:
        return PersonStanding.SUN_ONLY
    return PersonStanding.USED_UP
