"""How many connectors a station has: by its own word, else by what it does."""

from collections.abc import Mapping

# OCPP 1.6 section 9.1.24; what the device model of OCPP 2.x says of connectors is kept under the same name.
NUMBER_OF_CONNECTORS = "NumberOfConnectors"
MAX_CONNECTORS = 32
# So many are believed by their statuses alone, of a station that does not say how many it has.
_MOST_UNSAID = 4


def own_word(variables: Mapping[str, str | None]) -> int | None:
    """Return how many connectors a station says that it has, None where it does not say."""
    said = variables.get(NUMBER_OF_CONNECTORS) or ""
    if not said.isdecimal() or not 1 <= int(said) <= MAX_CONNECTORS:
        return None
    return int(said)


def believed(
    variables: Mapping[str, str | None], *, seen: int, used: int
) -> int | None:
    """Return how many connectors a station has, None as long as it was not asked.

    Args:
        variables: what the station reported of itself.
        seen: the highest number that it reported a status of.
        used: the highest number that a transaction ran on, which is believed in any case.

    """
    said = own_word(variables)
    if said is None and NUMBER_OF_CONNECTORS in variables:
        said = seen if seen <= _MOST_UNSAID else 1
    if said is None:
        return used if used > 1 else None
    return max(said, used)
