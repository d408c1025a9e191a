"""How many connectors a station has: as it reports, otherwise as its messages suggest."""

from collections.abc import Mapping

# OCPP 1.6 section 9.1.24; the count from the device model of OCPP 2.x is stored under the same name.
NUMBER_OF_CONNECTORS = "NumberOfConnectors"
MAX_CONNECTORS = 32
# This many are believed by their statuses alone, if a station does not report its number of connectors.
_MOST_UNSAID = 4


def own_word(variables: Mapping[str, str | None]) -> int | None:
    """Return how many connectors a station reports to have, None if it does not."""
    said = variables.get(NUMBER_OF_CONNECTORS) or ""
    if not said.isdecimal() or not 1 <= int(said) <= MAX_CONNECTORS:
        return None
    return int(said)


def believed(
    variables: Mapping[str, str | None], *, seen: int, used: int
) -> int | None:
    """Return how many connectors a station has, None until it has been asked.

    Args:
        variables: what the station reported.
        seen: the highest number with a reported status.
        used: the highest number with a transaction, which is believed in any case.

    """
    said = own_word(variables)
    if said is None and NUMBER_OF_CONNECTORS in variables:
        said = seen if seen <= _MOST_UNSAID else 1
    if said is None:
        return used if used > 1 else None
    return max(said, used)
