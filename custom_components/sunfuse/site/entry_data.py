"""What the data of a config entry and its sub-entries say of the site's connection and its chargers."""

from collections.abc import Mapping
from typing import Any

from ..central_system.station.quirks import understood
from ..central_system.station_state import FormerCredential, StationConfig
from ..const import (
    CONF_CONNECTORS,
    CONF_EXPIRY,
    CONF_FAIL_SAFE_CURRENT,
    CONF_FORMER_PASSWORD,
    CONF_IDENTITY,
    CONF_L1_PHASE,
    CONF_MAX_CURRENT,
    CONF_MIN_CURRENT,
    CONF_MORE_CONNECTORS,
    CONF_PASSWORD,
    CONF_PHASES,
    CONF_QUIRKS,
    CONF_RENEW,
    CONF_SECURITY,
    CONF_SYSTEM,
    CONF_VOLTAGE,
    DEFAULT_EXPIRY_S,
    DEFAULT_RENEW_S,
    SECURITY_CERTIFICATE,
    SECURITY_OPEN,
    SECURITY_PASSWORD,
    SITE_PHASES,
)
from ..engine.model import Site


def site_of(data: Mapping[str, Any]) -> Site:
    """Return the grid connection that a config entry describes."""
    return Site(phases=SITE_PHASES[data[CONF_SYSTEM]], voltage_v=data[CONF_VOLTAGE])


def station_config(
    data: Mapping[str, Any], site: Site, time_factor: float = 1.0
) -> StationConfig:
    """Return the central system's configuration of a charger's sub-entry.

    A charger between the two legs of a split-phase site is a single-phase charger at twice the voltage.
    """
    legs = legs_of(wiring(data, site), site)
    security = data.get(CONF_SECURITY, SECURITY_OPEN)
    return StationConfig(
        identity=data[CONF_IDENTITY],
        connectors=data.get(CONF_CONNECTORS, 1),
        more_connectors=tuple(data.get(CONF_MORE_CONNECTORS, ())),
        phases=data[CONF_PHASES] // legs,
        voltage_v=site.voltage_v * legs,
        min_a=data[CONF_MIN_CURRENT],
        max_a=data[CONF_MAX_CURRENT],
        fail_safe_a=data[CONF_FAIL_SAFE_CURRENT],
        time_factor=time_factor,
        expiry_s=int(data.get(CONF_EXPIRY, DEFAULT_EXPIRY_S)),
        renew_s=data.get(CONF_RENEW, DEFAULT_RENEW_S),
        password=data.get(CONF_PASSWORD) if security == SECURITY_PASSWORD else None,
        former=former_of(data) if security == SECURITY_PASSWORD else None,
        client_certificate=security == SECURITY_CERTIFICATE,
        quirks=understood(data.get(CONF_QUIRKS, {}).items()),
    )


def former_of(data: Mapping[str, Any]) -> FormerCredential | None:
    """Return the charger's credential from before its new password, None if it uses the new one."""
    if CONF_FORMER_PASSWORD not in data:
        return None
    stored = data[CONF_FORMER_PASSWORD]
    passwords = stored if isinstance(stored, list) else [stored]
    return FormerCredential(passwords=tuple(passwords))


def password_data(config: StationConfig) -> dict[str, Any]:
    """Return the stored data of a charger that was sent a password."""
    kept: dict[str, Any] = {
        CONF_SECURITY: SECURITY_PASSWORD,
        CONF_PASSWORD: config.password,
    }
    if config.former is not None:
        first, *more = config.former.passwords
        kept[CONF_FORMER_PASSWORD] = [first, *more] if more else first
    return kept


def wiring(data: Mapping[str, Any], site: Site) -> tuple[int, ...]:
    """Return the site phases (0 is L1) of a charger's own L1, L2, L3.

    The phases rotate: a charger whose L1 is on the site's L2 has its L2 on L3 and its L3 on L1.
    """
    first = ("L1", "L2", "L3").index(data[CONF_L1_PHASE])
    return tuple((first + i) % site.phases for i in range(data[CONF_PHASES]))


def legs_of(phases: tuple[int, ...], site: Site) -> int:
    """Return how many legs the same current flows through."""
    return 2 if site.phases == 2 and len(phases) == 2 else 1
