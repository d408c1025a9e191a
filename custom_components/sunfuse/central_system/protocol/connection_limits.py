"""Listens on the port, and limits how many connections may be open before their first request."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ssl import SSLContext
from typing import override

from .unfinished_message import CountingProtocol, UnfinishedMessage

# Home Assistant raises its own limit of open files to 2048 only. Behind a router all chargers have one address, and
# reconnect at once after a power cut.
MAX_WAITING = 200
MAX_WAITING_PER_ADDRESS = 100
REQUEST_S = 10.0


@dataclass(slots=True, eq=False)
class OpenConnection:
    """A connection. It waits until it is served, and may be closed while no request of it is being handled."""

    transport: asyncio.Transport
    address: str
    timer: asyncio.TimerHandle
    unfinished: UnfinishedMessage
    attended: bool = False
    served: bool = False

    @property
    def gone(self) -> bool:
        """Whether its socket is closed."""
        closed: bool = self.transport.get_extra_info("socket").fileno() == -1
        return closed


class _Threshold(asyncio.Protocol):
    """Reads from a connection that has not been handed over yet."""

    def __init__(self, enter: Callable[[asyncio.Transport, _Threshold], None]) -> None:
        """Hand over with `enter`."""
        self._enter = enter
        self.received = bytearray()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._enter(transport, self)

    @override
    def data_received(self, data: bytes) -> None:
        self.received += data


class LimitedListener:
    """Listens on a port, and hands connections over to an HTTP server.

    A connection without a complete request after ten seconds is closed. Where too many wait, the one that has waited longest
    without a request is closed, so a charger that sends its request at once always finds room.
    """

    def __init__(
        self,
        protocol: Callable[[], asyncio.Protocol],
        tls: SSLContext | None,
        complain: Callable[[str], None],
    ) -> None:
        """Hand each connection over to a new `protocol`, with TLS if a context is given."""
        self._protocol = protocol
        self._tls = tls
        self._complain = complain
        self._guests: dict[
            object, OpenConnection
        ] = {}  # by their sockets, the oldest first
        self._handshakes: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def open(self, host: str | None, port: int) -> int:
        """Listen on a port (0: any that is free) of a host (None: all of them); return the port.

        Raises:
            OSError: the port is taken.

        """
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Threshold(self._enter), host, port
        )
        taken: int = self._server.sockets[0].getsockname()[1]
        return taken

    async def close(self) -> None:
        """Stop listening, and close the connections that wait without a request."""
        if self._server is not None:
            await self._last_ones(self._server)
            self._server.close()
        for connection in tuple(self._guests.values()):
            connection.timer.cancel()
            if not connection.attended:
                connection.transport.abort()
        self._guests.clear()
        for task in (tasks := tuple(self._handshakes)):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @staticmethod
    async def _last_ones(server: asyncio.Server) -> None:
        """Accept nothing more, and let those enter that were accepted already.

        A closed server drops them, and their sockets stay open: asyncio accepts a connection in one turn of the loop,
        makes its transport in the next, and lets it enter in the third.
        """
        loop = asyncio.get_running_loop()
        for socket in server.sockets:
            loop.remove_reader(socket.fileno())
        for _ in range(3):
            await asyncio.sleep(0)

    @contextmanager
    def attend(
        self, transport: asyncio.BaseTransport | None
    ) -> Iterator[OpenConnection | None]:
        """Handle a connection that has a complete request; None if it is closed already."""
        socket = transport and transport.get_extra_info("socket")
        connection = self._guests.get(socket)
        if connection is None:
            yield None
            return
        connection.timer.cancel()
        connection.attended = True
        try:
            yield connection
        finally:
            connection.attended = connection.served = False
            if self._guests.get(socket) is connection:
                connection.timer = self._expiry(socket)

    def _enter(self, transport: asyncio.Transport, threshold: _Threshold) -> None:
        peer = transport.get_extra_info("peername")
        address: str = peer[0] if peer else ""
        if not self._make_room(address):
            transport.abort()
            return
        socket = transport.get_extra_info("socket")

        def flood() -> None:
            self._complain(f"A message without an end from {address}")
            transport.abort()

        unfinished = UnfinishedMessage(flood)
        timer = self._expiry(socket)
        self._guests[socket] = OpenConnection(transport, address, timer, unfinished)
        if self._tls is None:
            self._hand_over(transport, threshold, unfinished)
            return
        # TLS reads what arrives from now on.
        transport.pause_reading()
        loop = asyncio.get_running_loop()
        task = loop.create_task(
            self._shake_hands(transport, threshold, self._tls, unfinished)
        )
        self._handshakes.add(task)
        task.add_done_callback(self._handshakes.discard)

    async def _shake_hands(
        self,
        transport: asyncio.Transport,
        threshold: _Threshold,
        tls: SSLContext,
        unfinished: UnfinishedMessage,
    ) -> None:
        loop = asyncio.get_running_loop()
        try:
            secured = await loop.start_tls(
                transport,
                threshold,
                tls,
                server_side=True,
                ssl_handshake_timeout=REQUEST_S,
            )
        except OSError:  # errors of TLS and timeouts are OSErrors, too
            transport.abort()
            return
        if secured is not None and not secured.is_closing():
            self._hand_over(secured, threshold, unfinished)

    def _hand_over(
        self,
        transport: asyncio.Transport,
        threshold: _Threshold,
        unfinished: UnfinishedMessage,
    ) -> None:
        protocol = self._protocol()
        transport.set_protocol(CountingProtocol(protocol, unfinished))
        protocol.connection_made(transport)
        if threshold.received:
            protocol.data_received(bytes(threshold.received))

    def _make_room(self, address: str) -> bool:
        """Return whether there is room for one more from an address."""
        if len(self._guests) < MAX_WAITING_PER_ADDRESS:
            return True
        for socket, connection in tuple(self._guests.items()):
            if connection.gone:
                connection.timer.cancel()
                del self._guests[socket]
        waiting = {
            s: connection
            for s, connection in self._guests.items()
            if not connection.served
        }
        here = {
            s: connection
            for s, connection in waiting.items()
            if connection.address == address
        }
        if len(here) >= MAX_WAITING_PER_ADDRESS:
            crowd = here
        elif len(waiting) >= MAX_WAITING:
            crowd = waiting
        else:
            return True
        self._complain(f"Too many connections at once, most recently from {address}")
        oldest = next(
            (s for s, connection in crowd.items() if not connection.attended), None
        )
        if oldest is not None:
            self._dismiss(oldest)
        return oldest is not None

    def _expiry(self, socket: object) -> asyncio.TimerHandle:
        loop = asyncio.get_running_loop()
        return loop.call_later(REQUEST_S, self._dismiss, socket)

    def _dismiss(self, socket: object) -> None:
        connection = self._guests.pop(socket)
        connection.timer.cancel()
        connection.transport.abort()
