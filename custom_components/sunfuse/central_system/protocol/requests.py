"""Our requests to one connected station, and what its answers mean."""

import itertools
import logging

from ..station_state import CommandError
from .frames import Payload
from .link import Link

_LOGGER = logging.getLogger(__name__)

_DONE = frozenset(("Accepted", "Unlocked", "Scheduled", "RebootRequired"))
_UNKNOWN = frozenset(("NotSupported", "NotImplemented"))
_QUESTION_S = 15.0  # for an answer that is not essential; limits wait behind it


class Requests:
    """Sends requests on a link. All raise CommandError."""

    def __init__(self, link: Link, name: str, *, response_s: float) -> None:
        """Wait this long for an answer; the name is for the log."""
        self._link = link
        self._name = name
        self._response_s = response_s
        self._ids = itertools.count(1)

    def next_id(self) -> int:
        """Return an id for a request whose progress the station reports later."""
        return next(self._ids)

    async def call(self, action: str, payload: Payload) -> Payload:
        """Send a request; returns the answer."""
        return await self._link.call(action, payload, self._response_s)

    async def command(self, action: str, payload: Payload) -> None:
        """Send a request whose answer is a status; raises unless the status means success."""
        answer = await self.call(action, payload)
        status: str = answer["status"]
        if status in _UNKNOWN:
            raise CommandError("not_supported", f"{action}: {status}")
        if status not in _DONE:
            raise CommandError("refused", f"{action}: {status}")

    async def log(self, kind: str, location: str) -> str | None:
        """Request the upload of a log; returns the name of the file. The message is the same in all versions."""
        payload: Payload = {
            "log": {"remoteLocation": location},
            "logType": kind,
            "requestId": self.next_id(),
        }
        answer = await self.call("GetLog", payload)
        if answer["status"] == "Rejected":
            raise CommandError("refused", "GetLog")
        name: str | None = answer.get("filename")
        return name

    async def ask(self, action: str, payload: Payload) -> Payload | None:
        """Send a request that may fail; returns None if the station refuses it or is too slow."""
        try:
            return await self._link.call(
                action, payload, min(self._response_s, _QUESTION_S)
            )
        except CommandError as err:
            if err.key == "not_connected":
                raise
            _LOGGER.debug("%s: %s", self._name, err)
            return None
