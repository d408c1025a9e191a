"""A charging station's connection to its central system.

It connects and reconnects, boots, stores what must not get lost, and sends one message after the other.
"""

import asyncio
from base64 import b64encode
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
import logging
from operator import attrgetter
import ssl
from typing import Protocol

import aiohttp
from yarl import URL

from ..simulated_site import ChargerSpec
from . import message_schemas
from .behaviour import Character
from .message_schemas import Payload
from .wire import CallError, Wire, WireClosedError

_LOGGER = logging.getLogger(__name__)

FIRST_RETRY_S = 0.5
LONGEST_RETRY_S = 10.0
DEFAULT_BOOT_INTERVAL_S = 10.0
_MOST_KEPT = 1000  # messages, while the station is offline
_METER_MESSAGES = ("MeterValues", "TransactionEvent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message in the queue. `build` returns None when it has become pointless."""

    action: str
    build: Callable[[], Payload | None]
    done: Callable[[Payload], None] | None = None
    kept: bool = False  # is not lost with the connection
    triggered: bool = (
        False  # was requested, so it may be sent before the station is registered
    )


def utcnow() -> datetime:
    """Return the present time."""
    return datetime.now(UTC)


class Speaker(Protocol):
    """The station behind an uplink: its messages and answers, and events of its connection."""

    def handle(self, action: str, payload: Payload) -> Payload:
        """Answer a request of the central system.

        Raises:
            Refusal: the answer is a CALLERROR.

        """

    def refuse(self, action: str, payload: Payload) -> Payload:
        """Return an answer that refuses."""

    def boot_payload(self) -> Payload:
        """Return the content of a BootNotification."""

    def went_online(self) -> None:
        """Send what is due after registration."""

    def went_offline(self, *, was_registered: bool) -> None:
        """Continue without a central system."""

    def restarts(self, kind: str) -> None:
        """End what a restart ends."""


class Uplink:
    """The connection of a station, whatever version of OCPP it speaks."""

    heartbeat_interval_s: float = 300.0
    retries = 2  # of a message that must not get lost
    retry_interval_s = 5.0

    def __init__(
        self,
        spec: ChargerSpec,
        character: Character,
        clock: Callable[[], datetime],
        speaker: Speaker,
    ) -> None:
        """Serve the station, which is still switched off."""
        self.version = spec.protocol.removeprefix("ocpp")
        self._spec = spec
        self._character = character
        self._station = speaker
        self.password = spec.password
        self.tls: ssl.SSLContext | None = None  # its trusted certificates, and its own
        self.connected = False
        self.registered = False  # the central system accepted it on this connection
        self.commissioned = False  # it was accepted once, so it also charges offline
        self.boots = 0
        self._clock = clock
        self._boot_needed = True
        self._boot_interval_s = DEFAULT_BOOT_INTERVAL_S
        self._booted_at: datetime | None = None
        self._accepted = asyncio.Event()
        self._url: str | None = None
        self._url_known = asyncio.Event()
        self._outbox: deque[Outgoing] = deque()
        self._outbox_changed = asyncio.Event()
        self._restart: str | None = None
        self._restart_wanted = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many messages wait to be sent, or for their answer."""
        return len(self._outbox)

    def set_url(self, url: str | None) -> None:
        """Set the address of the central system, to which the identity is added."""
        self._url = url
        if url:
            self._url_known.set()
        else:
            self._url_known.clear()

    async def run(self, session: aiohttp.ClientSession) -> None:
        """Stay connected until cancelled."""
        loaded = await asyncio.get_running_loop().run_in_executor(
            None, message_schemas.load, self.version
        )
        retry_s = FIRST_RETRY_S
        while True:
            await self._url_known.wait()
            assert self._url
            try:
                async with session.ws_connect(
                    URL(self._url) / self._spec.identity,
                    protocols=(self._spec.protocol,),
                    headers=self._headers(),
                    timeout=aiohttp.ClientWSTimeout(ws_close=2.0),
                    max_msg_size=0,
                    autoping=False,
                    ssl=self.tls or True,
                ) as websocket:
                    await self._live(
                        Wire(websocket, loaded, self._spec.identity, self._character)
                    )
            except (aiohttp.ClientError, OSError, TimeoutError) as err:
                _LOGGER.debug("%s: %r", self._spec.identity, err)
            if self.registered:
                retry_s = FIRST_RETRY_S
            self._disconnected()
            await asyncio.sleep(retry_s)
            retry_s = min(2 * retry_s, LONGEST_RETRY_S)

    def _headers(self) -> dict[str, str]:
        if self.password is None:
            return {}
        login = f"{self._spec.identity}:{self.password}"
        return {"Authorization": f"Basic {b64encode(login.encode()).decode()}"}

    async def _live(self, wire: Wire) -> None:
        self.connected = True
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(wire.run(self._handle))
                group.create_task(self._talk(wire))
                group.create_task(self._send_outbox(wire))
                group.create_task(self._restart_when_wanted(wire))
                if (after_s := self._character.behaviour.hangs_up_after_s) > 0:
                    group.create_task(self._hang_up(after_s))
        except* WireClosedError:
            _LOGGER.debug("%s: disconnected", self._spec.identity)

    def _disconnected(self) -> None:
        was_registered = self.registered
        self.connected = self.registered = False
        self._outbox = deque(item for item in self._outbox if item.kept)
        if self._character.behaviour.boots_on_reconnect:
            self._boot_needed = True
        self._station.went_offline(was_registered=was_registered)

    async def _hang_up(self, after_s: float) -> None:
        await asyncio.sleep(after_s)
        raise WireClosedError

    async def _talk(self, wire: Wire) -> None:
        while self._boot_needed:
            answer = await self.ask(
                wire, "BootNotification", self._station.boot_payload()
            )
            if answer is not None:
                self.booted(answer)
            if self._boot_needed:
                await self._accepted_within(self._boot_interval_s)
        if self._character.behaviour.shuffles_stored:
            stored = list(self._outbox)
            self._character.random.shuffle(stored)
            self._outbox = deque(_starts_first(stored))
        self.registered = self.commissioned = True
        self._outbox_changed.set()
        self._station.went_online()
        while True:
            await asyncio.sleep(self.heartbeat_interval_s)
            await self.ask(wire, "Heartbeat", {})

    async def _accepted_within(self, seconds: float) -> None:
        """Wait before the next boot, or until the answer to one that was triggered."""
        self._accepted.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._accepted.wait()
        except TimeoutError:
            _LOGGER.debug("%s: still not accepted", self._spec.identity)

    def booted(self, answer: Payload) -> None:
        """Process the answer to a BootNotification."""
        interval_s = float(answer["interval"]) or DEFAULT_BOOT_INTERVAL_S
        if answer["status"] == "Accepted":
            self.heartbeat_interval_s = interval_s
            if self._boot_needed:
                self._boot_needed = False
                self._booted_at = self._clock()
                self.boots += 1
            self._accepted.set()
        else:
            self._boot_interval_s = interval_s

    def asked_for_configuration(self) -> None:
        """Restart, as some stations do when they are asked while they start."""
        within_s = self._character.behaviour.restarts_when_asked_within_s
        since = None if self._booted_at is None else self._clock() - self._booted_at
        if within_s and (since is None or since < timedelta(seconds=within_s)):
            self.restart("Hard")

    async def ask(self, wire: Wire, action: str, payload: Payload) -> Payload | None:
        """Send a request now; None if it was refused or not answered."""
        try:
            return await wire.call(action, payload)
        except (CallError, TimeoutError) as err:
            _LOGGER.debug("%s: %s: %r", self._spec.identity, action, err)
            return None

    def say(
        self,
        action: str,
        build: Callable[[], Payload | None],
        *,
        done: Callable[[Payload], None] | None = None,
        kept: bool = False,
        triggered: bool = False,
    ) -> None:
        """Send a message when its turn comes; one that is not `kept` only while the station is registered."""
        if not (kept or triggered or self.registered):
            return
        self._outbox.append(
            Outgoing(
                action=action, build=build, done=done, kept=kept, triggered=triggered
            )
        )
        if len(self._outbox) > _MOST_KEPT:
            # Meter values are the first to be dropped.
            meter = (item for item in self._outbox if item.action in _METER_MESSAGES)
            self._outbox.remove(next(meter, self._outbox[0]))
        self._outbox_changed.set()

    async def _send_outbox(self, wire: Wire) -> None:
        failures = 0
        while True:
            item = next(
                (i for i in self._outbox if self.registered or i.triggered), None
            )
            if item is None:
                self._outbox_changed.clear()
                await self._outbox_changed.wait()
                continue
            if (payload := item.build()) is not None:
                answer = await self.ask(wire, item.action, payload)
                if answer is None and item.kept and failures < self.retries:
                    failures += 1
                    await asyncio.sleep(self.retry_interval_s)
                    continue
                if answer is not None and item.done:
                    item.done(answer)
                repeats = self._character.behaviour.repeats_stored
                if item.kept and self._character.happens(repeats):
                    await self.ask(wire, item.action, payload)
            failures = 0
            # A message without an answer because the connection broke does not get here: it is sent again.
            if item in self._outbox:
                self._outbox.remove(item)

    def restart(self, kind: str) -> None:
        """Restart the station, `Soft` or `Hard`, after the messages in progress."""
        self._restart = kind
        self._restart_wanted.set()

    async def _restart_when_wanted(self, wire: Wire) -> None:
        await self._restart_wanted.wait()
        self._restart_wanted.clear()
        assert self._restart
        self._station.restarts(self._restart)
        if self._restart == "Soft":
            for _ in range(100):
                if not self._outbox:
                    break
                await asyncio.sleep(0.05)
        await wire.drain()
        self._boot_needed = True
        self._booted_at = None
        raise WireClosedError

    def _handle(self, action: str, payload: Payload) -> Payload:
        if action in self._character.behaviour.refuses:
            return self._station.refuse(action, payload)
        return self._station.handle(action, payload)


def _starts_first(stored: list[Outgoing]) -> list[Outgoing]:
    """Return messages with the starts of OCPP 1.6 before the stops, which cannot be sent before them: a start's answer has the id."""
    of_1_6 = ("StartTransaction", "StopTransaction")
    places = [place for place, one in enumerate(stored) if one.action in of_1_6]
    found = sorted((stored[place] for place in places), key=attrgetter("action"))
    for place, one in zip(places, found, strict=True):
        stored[place] = one
    return stored
