"""The handshake of a charger that connects: which station it is, whether it may connect, and which version of OCPP it speaks.

Every refusal before the first OCPP message is here, with its status: 401 for a wrong password, 404 for a path without an
identity, 409 for a second connection, 426 for a request that is not a WebSocket, 429 for too many wrong passwords, 503 for
too many unknown chargers or connections.
"""

from collections.abc import Callable
from dataclasses import dataclass
import time

from aiohttp import web

from .protocol.delayed_connections import DelayedConnections
from .protocol.grouped_warnings import GroupedWarnings
from .protocol.identity_and_version import VERSIONS, identity_of, negotiate
from .protocol.link import Link
from .protocol.throttle import Bucket, Throttle
from .security.station_passwords import Proof, certificate_fits, must_prove, proof_of
from .station.station import Station
from .station.timing import Timing

MAX_MESSAGE_BYTES = 256 * 1024
# Connections per second from one address with one identity, and how many at once.
_CONNECTIONS = (0.2, 10.0)
# Those per second from one address with identities that are not accepted, whatever they are, and how many at once.
_UNKNOWN_CONNECTIONS = (0.5, 20.0)
# Wrong passwords per second from one address for one identity, and how many at once.
_GUESSES = (0.1, 3.0)
# Refusals per second that a station reports to its listeners, and how many at once.
_REPORTED_REFUSALS = (1.0, 10.0)
_LONGEST_DELAY_S = 10.0
_CLOSE_S = 2.0
_PROTOCOL = "Sec-WebSocket-Protocol"
_TEXT = "This is Sunfuse. Chargers connect here with OCPP over WebSocket.\n"


@dataclass(frozen=True, slots=True)
class Accepted:
    """An open WebSocket to a station that may connect, and the sub-protocol that both speak."""

    station: Station
    websocket: web.WebSocketResponse
    protocol: str


class Handshake:
    """Answers the HTTP requests of chargers that connect, with a WebSocket or a refusal."""

    def __init__(
        self,
        *,
        is_accepted: Callable[[str], bool],
        station_for: Callable[[str, str], Station | None],
        link_of: Callable[[Station], Link | None],
        timing: Timing,
        warnings: GroupedWarnings,
    ) -> None:
        """Find a station by identity and address (None: no room for another unknown one), and its open link."""
        self._is_accepted = is_accepted
        self._station_for = station_for
        self._link_of = link_of
        self._timing = timing
        self._warnings = warnings
        self._connections = Throttle(*_CONNECTIONS, time.monotonic)
        self._unknown_connections = Throttle(*_UNKNOWN_CONNECTIONS, time.monotonic)
        self._guesses = Throttle(*_GUESSES, time.monotonic)
        self._reported_refusals = Throttle(*_REPORTED_REFUSALS, time.monotonic)
        self._delayed = DelayedConnections()

    def open(self) -> None:
        """Answer from now on."""
        self._delayed.open()

    async def close(self) -> None:
        """Refuse all connections that are delayed."""
        await self._delayed.close()

    async def answer(self, request: web.Request) -> Accepted | web.StreamResponse:
        """Return the open WebSocket of a station that may connect, or the response that refused it."""
        address = request.remote or ""
        identity = identity_of(request.rel_url.raw_path)
        if identity is None:
            return web.Response(status=404, text=_TEXT)
        if request.headers.get("Upgrade", "").lower() != "websocket":
            return web.Response(
                status=426, text=_TEXT, headers={"Upgrade": "websocket"}
            )
        owed_s = self._connections[f"{address} {identity.casefold()}"].take()
        if not self._is_accepted(identity):
            owed_s = max(owed_s, self._unknown_connections[address].take())
        await self._delay(owed_s, address)
        station = self._station_for(identity, address)
        if station is None:
            return web.Response(status=503, text="Too many unknown chargers\n")
        guesses = self._guesses[f"{request.remote} {station.identity}"]
        if must_prove(station.config) and guesses.owed() > _LONGEST_DELAY_S:
            # The password is not even compared, so that guessing on many connections at once reveals nothing.
            return web.Response(status=429, text="Too many wrong passwords\n")
        proof = _proof(station, request)
        proven = proof is not Proof.NONE
        if not proven and must_prove(station.config):
            return await self._refuse(station, address, guesses)
        link = self._link_of(station)
        if link is not None and not proven and await link.alive(self._timing.probe_s):
            self._warnings.warn(
                warning_kind("second", station), f"A second {identity} tries to connect"
            )
            return web.Response(status=409, text="This charger is connected already\n")
        return await self._open_websocket(request, station, proof)

    async def _open_websocket(
        self, request: web.Request, station: Station, proof: Proof
    ) -> Accepted | web.StreamResponse:
        offers = ",".join(request.headers.getall(_PROTOCOL, ()))
        protocol, offered = negotiate(offers)
        websocket = web.WebSocketResponse(
            protocols=(offered,) if offered else (),
            autoping=False,
            timeout=_CLOSE_S,
            max_msg_size=MAX_MESSAGE_BYTES,
        )
        if protocol is None:
            self._warnings.warn(
                warning_kind("protocol", station),
                f"{station.identity} speaks none of {', '.join(VERSIONS)}, but {offers[:80]!a}",
            )
            # OCPP-J 1.6 section 3.2: finish the handshake without a sub-protocol, then close.
            await websocket.prepare(_without_protocols(request))
            await websocket.close(code=1002, message=b"No common sub-protocol")
            return websocket
        await websocket.prepare(request)
        station.proved(proof)
        return Accepted(station, websocket, protocol)

    async def _refuse(
        self, station: Station, address: str, guesses: Bucket
    ) -> web.StreamResponse:
        """Refuse a connection without the station's password, more slowly each time."""
        reported = self._reported_refusals[station.identity]
        if not reported.owed():
            reported.take()
            station.refused(address)
        self._warnings.warn(
            warning_kind("password", station),
            f"Somebody at {address} tried to connect as {station.identity} without its password",
        )
        await self._delay(guesses.take(), address)
        return web.Response(
            status=401, headers={"WWW-Authenticate": 'Basic realm="OCPP"'}
        )

    async def _delay(self, seconds: float, address: str) -> None:
        await self._delayed.wait(min(seconds, _LONGEST_DELAY_S), address)


def _without_protocols(request: web.Request) -> web.Request:
    """Return a request for a WebSocket without sub-protocols: aiohttp logs a line for each that offers others than ours."""
    headers = {
        name: value
        for name, value in request.headers.items()
        if name.lower() != _PROTOCOL.lower() and value.isascii()
    }
    return request.clone(headers=headers)


def warning_kind(what: str, station: Station) -> str:
    """Return the kind of a warning: each accepted station has its own, all unknown ones share one."""
    return f"{what} {station.identity}" if station.state.accepted else what


def _proof(station: Station, request: web.Request) -> Proof:
    """Return how the client proves to be the station."""
    config = station.config
    if config.client_certificate:
        transport = request.transport
        peer = transport.get_extra_info("peercert") if transport else None
        fits = peer is not None and certificate_fits(config, peer)
        return Proof.PRESENT if fits else Proof.NONE
    return proof_of(config, request.headers.get("Authorization"))
