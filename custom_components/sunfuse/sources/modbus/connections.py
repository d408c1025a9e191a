"""The open connections, each shared by all readers of devices behind it, of any site, and by the forms."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from homeassistant.core import HomeAssistant
from homeassistant.util.hass_dict import HassKey

from .connection import Connection
from .device_address import ModbusLink


class LinkConflictError(Exception):
    """A connection is in use with other settings, and only one is possible."""


@dataclass(slots=True)
class _Shared:
    connection: Connection
    users: int = 0


# By what can be open only once: many inverters accept a single connection.
_CONNECTIONS: HassKey[dict[tuple[str, int], _Shared]] = HassKey(
    "sunfuse_modbus_connections"
)


def acquire(hass: HomeAssistant, link: ModbusLink) -> Connection:
    """Return the connection of a link, to be released once. Raises LinkConflictError."""
    connections = hass.data.setdefault(_CONNECTIONS, {})
    shared = connections.get(link.endpoint)
    if shared is None:
        shared = connections[link.endpoint] = _Shared(Connection(link))
    elif shared.connection.link != link:
        raise LinkConflictError(link.name)
    shared.users += 1
    return shared.connection


async def release(hass: HomeAssistant, connection: Connection) -> None:
    """Release a connection; it is closed when nobody else uses it."""
    connections = hass.data[_CONNECTIONS]
    endpoint = connection.link.endpoint
    shared = connections[endpoint]
    shared.users -= 1
    if not shared.users:
        del connections[endpoint]
        await connection.close()


@asynccontextmanager
async def borrowed(hass: HomeAssistant, link: ModbusLink) -> AsyncIterator[Connection]:
    """Provide a connection for the duration of a context, as for a form. Raises LinkConflictError."""
    connection = acquire(hass, link)
    try:
        yield connection
    finally:
        await release(hass, connection)
