"""The ranges of values in the fields of actions: values outside are refused with a message."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, override

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
# Of what somebody typed, in a message.
_MOST_SHOWN = 40


class ActionSchema(vol.Schema):
    """The fields of an action: what is missing, unknown or impossible is refused in the user's language.

    Home Assistant shows errors of a schema in English only.
    """

    @override
    def __call__(self, data: Any, **context: Any) -> Any:
        """Read the fields.

        Raises:
            ServiceValidationError: one cannot be read.

        """
        try:
            return super().__call__(data, **context)
        except vol.MultipleInvalid as err:
            field = str(err.errors[0].path[0])
            wrong = (
                "missing"
                if field not in data
                else "impossible"
                if field in map(str, self.schema)
                else "unknown"
            )
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key=f"field_{wrong}",
                translation_placeholders={"field": field},
            ) from err


def in_words[T](
    read: Callable[[Any], T], refusal: Callable[[str], ServiceValidationError]
) -> Callable[[Any], T]:
    """Return what reads a value, and refuses an impossible one in the user's language."""

    def reader(value: Any) -> T:
        try:
            return read(value)
        except (vol.Invalid, ValueError) as err:
            shown = str(value)
            raise refusal(
                shown if len(shown) <= _MOST_SHOWN else f"{shown[:_MOST_SHOWN]}…"
            ) from err

    return reader


def within(
    low: float, high: float, kind: type[float | int] = float
) -> Callable[[Any], float]:
    """Return what reads a number that is neither smaller nor larger."""

    def refusal(value: str) -> ServiceValidationError:
        return ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="number_out_of_range",
            translation_placeholders={
                "value": value,
                "low": f"{low:.10g}",
                "high": f"{high:.10g}",
            },
        )

    number = in_words(vol.Coerce(kind), refusal)

    def read(value: Any) -> float:
        found: float = number(value)
        if not low <= found <= high:
            raise refusal(f"{found:.10g}")
        return found

    return read


def one_of(*choices: str) -> Callable[[Any], str]:
    """Return what reads one of these words."""

    def refusal(value: str) -> ServiceValidationError:
        return ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="choice_expected",
            translation_placeholders={"value": value, "choices": ", ".join(choices)},
        )

    return in_words(vol.In(choices), refusal)


def one_of_kind[KindT: StrEnum](kind: type[KindT]) -> Callable[[Any], KindT]:
    """Return what reads a member of this kind by its name."""
    word = one_of(*kind)
    return lambda value: kind(word(value))


def address(*schemes: str) -> Callable[[Any], str]:
    """Return what reads the address of something that is reached by one of these schemes."""

    def read(value: Any) -> str:
        text: str = cv.string(value)
        scheme, _, rest = text.partition("://")
        if scheme.lower() not in schemes or not rest.strip():
            raise vol.Invalid(text)
        return text

    def refusal(_value: str) -> ServiceValidationError:
        return ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="address_expected",
            translation_placeholders={
                "schemes": ", ".join(f"{one}://" for one in schemes)
            },
        )

    return in_words(read, refusal)


def text(*, least: int = 0, most: int) -> Callable[[Any], str]:
    """Return what reads a text without spaces around it, neither shorter nor longer."""

    def refusal(_value: str) -> ServiceValidationError:
        return ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="text_length",
            translation_placeholders={"least": str(least), "most": str(most)},
        )

    return in_words(
        vol.All(cv.string, vol.Strip, vol.Length(min=least, max=most)), refusal
    )


def _expected(what: str) -> Callable[[str], ServiceValidationError]:
    """Return what refuses a value because something else is expected."""
    return lambda value: ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=f"{what}_expected",
        translation_placeholders={"value": value},
    )


POSITIVE_INT = within(0, MOST_INT, int)
DURATION_S = within(1, 86_400, int)
CURRENT_A = within(0, MOST_A)
POWER_W = within(0, MOST_W)
ENERGY_KWH = within(0, MOST_KWH)
# From where a charger takes a file, and to where it sends one.
FILE_ADDRESS = address("http", "https", "ftp", "ftps", "sftp")
YES_OR_NO = in_words(cv.boolean, _expected("yes_or_no"))
TIME_OF_DAY = in_words(cv.time, _expected("time_of_day"))
ENTITY = in_words(cv.entity_id, _expected("entity"))
_DATETIME = in_words(cv.datetime, _expected("time"))
_PERIOD = in_words(cv.positive_time_period, _expected("duration"))


def moment(value: Any) -> datetime:
    """Read a time, as UTC.

    Raises:
        ServiceValidationError: it is none, or in another century.

    """
    at = _DATETIME(value)
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
        ServiceValidationError: it is none, negative or too long.

    """
    try:
        period = _PERIOD(value)
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
