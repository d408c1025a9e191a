"""The ranges of values in the fields of actions: values outside are refused with a message."""

from datetime import datetime, timedelta
from typing import Any

import voluptuous as vol

from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util

# An integer of OCPP has 32 bits (OCPP 2.0.1 part 2, primitive datatypes).
MOST_INT = 2**31 - 1
# No low-voltage connection carries this much.
MOST_A = 10_000
MOST_W = 10_000_000
# More than any car's battery stores, and longer than anybody waits.
MOST_KWH = 1_000
LONGEST = timedelta(days=7)
_LAST_YEAR = 2100

# What the frontend shows of a call with several targets.
ONE_TARGET = "give only one target"

POSITIVE_INT = vol.All(vol.Coerce(int), vol.Range(min=0, max=MOST_INT))
DURATION_S = vol.All(vol.Coerce(int), vol.Range(min=1, max=86_400))
CURRENT_A = vol.All(vol.Coerce(float), vol.Range(min=0, max=MOST_A))
POWER_W = vol.All(vol.Coerce(float), vol.Range(min=0, max=MOST_W))
ENERGY_KWH = vol.All(vol.Coerce(float), vol.Range(min=0, max=MOST_KWH))


def moment(value: Any) -> datetime:
    """Read a time, as UTC."""
    at = cv.datetime(value)
    if not 2000 <= at.year < _LAST_YEAR:
        raise vol.Invalid(f"a time of this century is expected, not {at.year}")
    return dt_util.as_utc(at)


def duration(value: Any) -> timedelta:
    """Read a duration."""
    try:
        period = cv.positive_time_period(value)
    except OverflowError as err:
        raise vol.Invalid("that is too long") from err
    if period > LONGEST:
        raise vol.Invalid(f"at most {LONGEST.days} days")
    return period
