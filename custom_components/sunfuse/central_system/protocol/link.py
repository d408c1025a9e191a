"""One WebSocket to one station: requests and answers, in both directions."""

import asyncio
from collections.abc import Callable, Coroutine
import contextlib
import itertools
import logging
from typing import Any

from aiohttp import WSMessage, WSMsgType, web

from ..station_state import CommandError
from .fault import FaultBoundary
from .frames import (
    Call,
    Error,
    ErrorCode,
    Fault,
    MessageId,
    Payload,
    Result,
    Send,
    UnknownMessageTypeError,
    call_text,
    error_text,
    parse,
    result_text,
)
from .ocpp_schemas import Schemas
from .throttle import Bucket

_LOGGER = logging.getLogger(__name__)

# An answer that takes time (an automation is asked) is sent later; the link continues meanwhile.
type Answer = Payload | Coroutine[Any, Any, Payload]
type Handler = Callable[[str, Payload], Answer]

_MOST_FAULTS = 20  # that are reported per connection
RESPONSE_TIMEOUT_S = 30.0
_LONGEST_TIMEOUT_S = 120.0  # for a station that is known to answer late
# Reading this much takes about as long as handling one message.
_BYTES_OF_A_MESSAGE = 8192


class LinkFaults:
    """The fault boundaries of a station's links: one that reconnects all the time fills no log either."""

    def __init__(self, name: str) -> None:
        """Name the station as in the log."""
        self.handling = FaultBoundary(_LOGGER, f"{name}: handling a request")
        self.beside = FaultBoundary(_LOGGER, f"{name}: a task")


class Link:
    """A WebSocket on which messages of one version of OCPP are exchanged.

    Requests of the station are handled one after the other, in the order in which they arrived. Only one of our own
    requests is in progress at a time, as OCPP-J requires.
    """

    def __init__(
        self,
        websocket: web.WebSocketResponse,
        schemas: Schemas,
        name: str,
        *,
        bucket: Bucket,
        taken: Callable[[], None],
        record: Callable[[str, str], None],
        complain: Callable[[str], None],
        understood: Callable[[Call], Payload],
        faults: LinkFaults,
    ) -> None:
        """Wrap an open WebSocket.

        `bucket` slows down a station that sends too much, `taken` is called with each message. `record` is called with each message (received, sent or
        malformed) and its text, and with those that were wrong and understood nevertheless. `complain` is called with
        what is wrong with messages. `understood` returns the part of a request that is checked by its schema.
        `faults` are the station's, and outlive its connections.
        """
        self._bucket = bucket
        self._taken = taken
        self._understood = understood
        self._record = record
        self._complain = complain
        self.version = schemas.version
        self._websocket = websocket
        self._schemas = schemas
        self._name = name
        self._ids = itertools.count(1)
        self._turn = asyncio.Lock()
        self._waiting: tuple[str, asyncio.Future[Result | Error]] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._warned: set[str] = set()
        self._handling = faults.handling
        self._beside = faults.beside
        self._closed = asyncio.Event()
        self._heard = asyncio.Event()
        self._answers_pings = False
        self._late: dict[
            str, float
        ] = {}  # requests that were given up, with their times
        self._patience_s = 0.0
        self._answered = asyncio.get_running_loop().create_future()

    def slow_by(self, bucket: Bucket) -> None:
        """Use another bucket from now on."""
        self._bucket = bucket

    @property
    def closed(self) -> bool:
        """Whether the link is closed for good."""
        return self._closed.is_set()

    @property
    def is_busy(self) -> bool:
        """Whether the station has not answered our last request yet."""
        return self._turn.locked()

    @property
    def patience_s(self) -> float:
        """How long the next answer may take by what the last ones took, in seconds."""
        return self._patience_s

    @property
    def answered(self) -> asyncio.Future[bool]:
        """Whether the request that is being handled got a result, once that is sent or cannot be sent any more."""
        return self._answered

    async def serve(self, handler: Handler) -> None:
        """Answer the station's requests with `handler` until the WebSocket closes."""
        self._taken()
        try:
            async for message in self._websocket:
                self._taken()
                self._heard.set()
                if message.type is WSMsgType.PING:
                    await self._websocket.pong(message.data)
                elif message.type is WSMsgType.PONG:
                    self._answers_pings = True
                elif message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    await self._receive(message.data, handler)
                await self._hold_back(self._bucket.take(_weight(message)))
        except ConnectionError:
            _LOGGER.debug("%s: the connection broke", self._name)
        finally:
            await self._end()

    async def _hold_back(self, seconds: float) -> None:
        """Pause reading: the socket's buffers slow the other side down."""
        if seconds:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._closed.wait()

    async def watch(self, every_s: float) -> None:
        """Find out when the other side is gone although its socket still looks open, and close it then."""
        while True:
            self._heard.clear()
            await asyncio.sleep(every_s)
            if self._heard.is_set() or await self.alive(every_s / 2):
                continue
            if self._answers_pings or not await self._answers(every_s / 2):
                _LOGGER.debug("%s: no answer to a ping", self._name)
                await self.close(1001)
                return

    async def _answers(self, timeout_s: float) -> bool:
        """Return whether the other side answers a request in time: some never answer pings (lbbrhzn/ocpp issue 211)."""
        try:
            await self.call(
                "TriggerMessage", {"requestedMessage": "Heartbeat"}, timeout_s
            )
        except CommandError as err:
            return err.key not in ("timeout", "not_connected")
        return True

    async def alive(self, timeout_s: float) -> bool:
        """Return whether the other side answers a ping, or sends anything else, in time."""
        self._heard.clear()
        try:
            async with asyncio.timeout(timeout_s):
                await self._websocket.ping()
                await self._heard.wait()
        except TimeoutError, ConnectionError:
            return False
        return True

    async def close(self, code: int = 1001, reason: str = "") -> None:
        """Close the WebSocket; returns when everything that belongs to it has ended."""
        self._closed.set()
        await self._websocket.close(code=code, message=reason.encode())
        await self._end()

    async def _end(self) -> None:
        self._closed.set()
        if self._waiting and not self._waiting[1].done():
            self._waiting[1].set_exception(CommandError("not_connected"))
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def spawn[T](self, job: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run a task beside the link; it ends with the link."""
        task = asyncio.get_running_loop().create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and not self.closed:
            with self._beside:
                task.result()

    async def _receive(self, data: str | bytes, handler: Handler) -> None:
        text = data if isinstance(data, str) else data.decode(errors="replace")
        self._record("received", text)
        try:
            frame = parse(text, self.version)
        except UnknownMessageTypeError as err:
            self._complain_of(f"unknown message type {err}")
            return
        except Fault as fault:
            await self._refuse(fault, fault.message_id)
            return
        if isinstance(frame, Call):
            await self._handle(frame, handler)
        elif self._waiting and self._waiting[0] == frame.message_id:
            if not self._waiting[1].done():
                self._waiting[1].set_result(frame)
        elif (asked_at := self._late.pop(str(frame.message_id), None)) is not None:
            self._learn_patience(asked_at)
        else:
            _LOGGER.debug("%s: an answer that nobody waits for", self._name)

    async def _handle(self, call: Call, handler: Handler) -> None:
        try:
            payload = self._schemas.understood_request(
                call.action, self._understood(call)
            )
        except Fault as wrong:
            await self._reject(call, wrong)
            return
        self._note_slip(
            call.action, wrong=payload is not call.payload or not call.proper_id
        )
        fault = _failure(call)
        answer: Answer | None = None
        self._answered = answered = asyncio.get_running_loop().create_future()
        with self._handling:
            try:
                answer = handler(call.action, payload)
            except Fault as err:
                fault = err
        if answer is not None and not isinstance(answer, dict):
            later = self.spawn(self._answer_later(call, answer))
            later.add_done_callback(
                lambda task: answered.set_result(
                    not (task.cancelled() or task.exception()) and task.result()
                )
            )
            return
        sent = False
        try:
            if answer is None:
                await self._reject(call, fault)
            else:
                sent = await self._answer(call, answer)
        finally:
            answered.set_result(sent)

    def _note_slip(self, action: str, *, wrong: bool) -> None:
        """Count a message that was wrong and understood nevertheless."""
        if wrong:
            self._record("understood", action)

    async def _answer_later(
        self, call: Call, answer: Coroutine[Any, Any, Payload]
    ) -> bool:
        payload: Payload | None = None
        with self._handling:
            payload = await answer
        with contextlib.suppress(ConnectionError):
            return await self._answer(call, payload)
        return False

    async def _answer(self, call: Call, payload: Payload | None) -> bool:
        """Answer a request; with an error if its handler failed, or returned an invalid answer. Returns whether it got a result."""
        if isinstance(call, Send):
            return False
        if payload is not None and self._is_valid(call, payload):
            await self._send(result_text(call.message_id, payload))
            return True
        await self._reject(call, _failure(call))
        return False

    def _is_valid(self, call: Call, payload: Payload) -> bool:
        with self._handling:
            self._schemas.check_response(call.action, payload)
            return True
        return False

    async def _reject(self, call: Call, fault: Fault) -> None:
        if isinstance(call, Send):
            self._complain_of(str(fault))
        else:
            await self._refuse(fault, call.message_id)

    async def _refuse(self, fault: Fault, message_id: MessageId) -> None:
        self._complain_of(str(fault))
        await self._send(error_text(fault, self.version, message_id))

    def _complain_of(self, what: str) -> None:
        """Report what is wrong with a message, once per connection and fault."""
        self._record("malformed", what)
        if what not in self._warned and len(self._warned) < _MOST_FAULTS:
            self._warned.add(what)
            self._complain(f"{self._name}: {what}")

    async def _send(self, text: str) -> None:
        if self._websocket.closed:
            raise ConnectionResetError("The WebSocket is closed")
        self._record("sent", text)
        await self._websocket.send_str(text)

    async def call(
        self, action: str, payload: Payload, timeout_s: float = RESPONSE_TIMEOUT_S
    ) -> Payload:
        """Send a request and return its answer, both valid by their schemas.

        A station that has answered late before is given the time that it needed then.

        Raises:
            CommandError: `not_connected`, `timeout`, `not_supported` (the station does not know the action),
                `refused` (another CALLERROR, or an answer that is not valid), or `impossible` (the request itself
                is not valid, and is not sent).

        """
        try:
            self._schemas.check_request(action, payload)
        except Fault as fault:
            raise CommandError(
                "impossible", f"{action}: {fault.description}"
            ) from fault
        async with self._turn:
            answer = await self._exchange(
                action, payload, max(timeout_s, self._patience_s)
            )
        if isinstance(answer, Error):
            unknown = answer.code in (
                ErrorCode.NOT_IMPLEMENTED,
                ErrorCode.NOT_SUPPORTED,
            )
            raise CommandError(
                "not_supported" if unknown else "refused",
                f"{action}: {answer.code} {answer.description}".strip(),
            )
        try:
            understood = self._schemas.understood_response(action, answer.payload)
        except Fault as fault:
            raise CommandError("refused", f"{action}: {fault}") from fault
        self._note_slip(action, wrong=understood is not answer.payload)
        return understood

    async def _exchange(
        self, action: str, payload: Payload, timeout_s: float
    ) -> Result | Error:
        message_id = f"sunfuse-{next(self._ids)}"
        future: asyncio.Future[Result | Error] = (
            asyncio.get_running_loop().create_future()
        )
        if self.closed:
            raise CommandError("not_connected", action)
        self._waiting = (message_id, future)
        asked_at = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(timeout_s):
                await self._send(call_text(message_id, action, payload))
                answer = await future
        except TimeoutError as err:
            self._late = {message_id: asked_at}
            raise CommandError("timeout", action) from err
        except ConnectionError as err:
            raise CommandError("not_connected", action) from err
        finally:
            self._waiting = None
            future.cancel()
        self._learn_patience(asked_at)
        return answer

    def _learn_patience(self, asked_at: float) -> None:
        """Wait for the next answer somewhat longer than for this one; for a station that answers fast again, less each time."""
        took_s = asyncio.get_running_loop().time() - asked_at
        patience_s = max(1.5 * took_s, 0.9 * self._patience_s)
        self._patience_s = min(patience_s, _LONGEST_TIMEOUT_S)


def _failure(call: Call) -> Fault:
    """Return the answer to a station when our handler of its request fails."""
    return Fault(ErrorCode.INTERNAL, f"{call.action} could not be handled")


def _weight(message: WSMessage) -> float:
    """Return as how many messages one counts."""
    data = message.data
    return 1 + (len(data) if isinstance(data, str | bytes) else 0) / _BYTES_OF_A_MESSAGE
