"""A WebSocket to a central system, on which a simulated charger speaks OCPP-J."""

import asyncio
from collections.abc import Callable
import itertools
import json
import logging
from typing import Any

import aiohttp

from .behaviour import Character
from .message_schemas import MessageSchemas, Payload

_LOGGER = logging.getLogger(__name__)

# Unique beyond one connection, as OCPP 2.0.1 part 4 section 4.1.4 requires.
_message_numbers = itertools.count(1)

# The error code for each violation of a schema (OCPP-J 1.6 section 4.2.3).
_ERRORS = {
    "type": "TypeConstraintViolation",
    "maxLength": "TypeConstraintViolation",
    "required": "ProtocolError",
    "enum": "PropertyConstraintViolation",
}


class WireClosedError(Exception):
    """The WebSocket is closed."""


class CallError(Exception):
    """The central system answered with a CALLERROR."""


class Refusal(Exception):
    """A request is answered with a CALLERROR of this code."""


type Handler = Callable[[str, Payload], Payload]


class Wire:
    """Requests and answers on one open WebSocket, one request of ours at a time."""

    def __init__(
        self,
        websocket: aiohttp.ClientWebSocketResponse,
        schemas: MessageSchemas,
        name: str,
        character: Character,
    ) -> None:
        """Wrap a WebSocket that is open."""
        self._character = character
        self._rubbish = itertools.count()
        self._websocket = websocket
        self._schemas = schemas
        self._name = name
        self._turn = asyncio.Lock()
        self._waiting: dict[str, asyncio.Future[Payload]] = {}
        self._outgoing: asyncio.Queue[tuple[float, str]] = asyncio.Queue()

    async def run(self, handler: Handler) -> None:
        """Answer the central system's requests until the WebSocket closes.

        Raises:
            WireClosedError: always, in the end.

        """
        writer = asyncio.get_running_loop().create_task(self._write())
        try:
            async for message in self._websocket:
                if self._character.frozen:
                    continue
                if message.type is aiohttp.WSMsgType.PING:
                    await self._websocket.pong(message.data)
                elif message.type is aiohttp.WSMsgType.TEXT:
                    self._receive(message.data, handler)
        finally:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(WireClosedError)
        raise WireClosedError

    async def drain(self) -> None:
        """Return when all messages have been sent."""
        await self._outgoing.join()

    async def _write(self) -> None:
        while True:
            due, text = await self._outgoing.get()
            try:
                await asyncio.sleep(due - asyncio.get_running_loop().time())
                for distorted in self._distort(text):
                    await self._websocket.send_str(distorted)
            except ConnectionError:
                # The reader notices it as well, and ends the connection.
                _LOGGER.debug("%s: the connection broke", self._name)
            finally:
                self._outgoing.task_done()

    def _distort(self, text: str) -> list[str]:
        """Return what is really sent for a message."""
        character, behaviour = self._character, self._character.behaviour
        if character.frozen or character.happens(behaviour.drops):
            return []
        texts = [text]
        if character.happens(behaviour.duplicates):
            texts.append(text)
        if not self._outgoing.empty() and character.happens(behaviour.reorders):
            _, overtaking = self._outgoing.get_nowait()
            self._outgoing.task_done()
            texts.insert(0, overtaking)
        if behaviour.rubbish:
            turn = next(self._rubbish) % len(behaviour.rubbish)
            texts.append(behaviour.rubbish[turn])
        return texts

    def _send(self, *frame: Any) -> None:
        due = asyncio.get_running_loop().time() + self._character.behaviour.lag_s
        self._outgoing.put_nowait((due, json.dumps(frame, separators=(",", ":"))))

    def _receive(self, text: str, handler: Handler) -> None:
        try:
            frame = json.loads(text)
        except ValueError:
            _LOGGER.debug("%s: not JSON: %.100s", self._name, text)
            return
        match frame:
            case [2, str(message_id), str(action), dict(payload)]:
                self._answer(message_id, action, payload, handler)
            case [3, str(message_id), dict(payload)]:
                if (future := self._waiting.get(message_id)) and not future.done():
                    future.set_result(payload)
            case [4, str(message_id), *error]:
                if (future := self._waiting.get(message_id)) and not future.done():
                    future.set_exception(CallError(str(error)))
            case _:
                _LOGGER.debug("%s: not OCPP: %.100s", self._name, text)

    def _answer(
        self, message_id: str, action: str, payload: Payload, handler: Handler
    ) -> None:
        if action in self._character.behaviour.silent:
            return
        try:
            self._check_request(action, payload)
            answer = handler(action, payload)
        except Refusal as refusal:
            self._send(4, message_id, str(refusal), "", {})
            return
        self._check(action, answer, response=True)
        self._send(3, message_id, answer)

    def _check_request(self, action: str, payload: Payload) -> None:
        if not self._schemas.knows(action):
            raise Refusal("NotImplemented")
        if action in self._character.behaviour.unsupported:
            raise Refusal("NotSupported")
        if fault := self._schemas.fault(action, payload, response=False):
            raise Refusal(self._error_code(fault))

    def _error_code(self, fault: str) -> str:
        if self._schemas.version != "1.6":
            if fault == "required":
                return "OccurrenceConstraintViolation"
            return _ERRORS.get(fault, "FormatViolation")
        return _ERRORS.get(fault, "FormationViolation")

    def _check(self, action: str, payload: Payload, *, response: bool) -> None:
        """Check our own messages: a charger with accidental mistakes would test nothing."""
        fault = self._schemas.fault(action, payload, response=response)
        assert fault is None, f"{self._name}: {action} {payload}: {fault}"

    async def call(self, action: str, payload: Payload) -> Payload:
        """Send a request and return the answer.

        Raises:
            CallError: the central system answered with an error.
            TimeoutError: it did not answer.
            WireClosedError: the WebSocket closed.

        """
        self._check(action, payload, response=False)
        async with self._turn:
            if self._websocket.closed:
                raise WireClosedError
            message_id = f"{self._name}-{next(_message_numbers)}"[-36:]
            future: asyncio.Future[Payload] = asyncio.get_running_loop().create_future()
            self._waiting[message_id] = future
            try:
                async with asyncio.timeout(self._character.behaviour.answer_timeout_s):
                    self._send(2, message_id, action, payload)
                    return await future
            finally:
                del self._waiting[message_id]
