"""The ranges of values in the fields of actions: values outside are refused with a message."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import voluptuous as vol

from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util

from ..const import DOMAIN

# An integer of OCPP has 32 bits (OCPP 2.0.1 part 2, primitive datatypes).
MOST_INT = 2**31 - 1
# No low-voltage connection carries this much.
MOST_A = 10_000
MOST_W = 10_000_000
# More than any car's battery stores, and longer than anybody waits.
MOST_KWH = 1_000
LONGEST = timedelta(days=7)
_LAST_YEAR = 2100


def within(
    low: float, high: float, kind: type[float | int] = float
) -> Callable[[Any], float]:
    """Return what reads a number.

    Raises:
        ServiceValidationError: it is smaller or larger. Home Assistant shows errors of a schema in English only.

    """
    number = vol.Coerce(kind)

    def read(value: Any) -> float:
        found: float = number(value)
        if not low <= found <= high:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="number_out_of_range",
                translation_placeholders={
                    "value": f"{found:.10g}",
                    "low": f"{low:.10g}",
                    "high": f"{high:.10g}",
                },
            )
        return found

    return read


def address(*schemes: str) -> Callable[[Any], str]:
    """Return what reads the address of something that is reached by one of these schemes.

    Raises:
        ServiceValidationError: it is none.

    """

    def read(value: Any) -> str:
        text: str = cv.string(value)
        scheme, _, rest = text.partition("://")
        if scheme.lower() not in schemes or not rest.strip():
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="address_expected",
                translation_placeholders={
                    "schemes": ", ".join(f"{one}://" for one in schemes)
                },
            )
        return text

    return read


POSITIVE_INT = within(0, MOST_INT, int)
DURATION_S = within(1, 86_400, int)
CURRENT_A = within(0, MOST_A)
POWER_W = within(0, MOST_W)
ENERGY_KWH = within(0, MOST_KWH)
# From where a charger takes a file, and to where it sends one.
FILE_ADDRESS = address("http", "https", "ftp", "ftps", "sftp")


def moment(value: Any) -> datetime:
    """Read a time, as UTC.

    Raises:
        ServiceValidationError: it is in another century. Home Assistant shows errors of a schema in English only.

    """
    at = cv.datetime(value)
    if not 2000 <= at.year < _LAST_YEAR:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="other_century",
            translation_placeholders={"year": str(at.year)},
        )
    return dt_util.as_utc(at)


def duration(value: Any) -> timedelta:
    """Read a duration.

    Raises:
        ServiceValidationError: it is too long.

    """
    try:
        period = cv.positive_time_period(value)
    except OverflowError as err:
        raise _too_long() from err
    if period > LONGEST:
        raise _too_long()
    return period


def _too_long() -> ServiceValidationError:
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key="duration_too_long",
        translation_placeholders={"days": str(LONGEST.days)},
    )


def check_one_target(data: Mapping[str, Any], names: Iterable[str]) -> None:
    """Check that an action has one target at most.

    Raises:
        ServiceValidationError: there are several.

    """
    if several(data, names):
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="one_target"
        )


def several(data: Mapping[str, Any], names: Iterable[str]) -> bool:
    """Return whether more than one of these fields is given."""
    return sum(name in data for name in names) > 1
