"""Listeners to cars that come and go and to their sessions, by connector; events without a listener wait for one."""

from collections import deque
from collections.abc import Callable
import logging

from .protocol.fault import Listeners
from .station_state import ConnectorNews, SessionNews

_LOGGER = logging.getLogger(__name__)

_MOST_WAIT = 200


class SessionListeners:
    """Hands events of sessions to the listeners of their connector."""

    def __init__(self) -> None:
        """Start with none."""
        self._listeners: dict[tuple[str, int], Listeners[ConnectorNews]] = {}
        self._waiting: deque[ConnectorNews] = deque(maxlen=_MOST_WAIT)
        self._everywhere = Listeners[SessionNews](_LOGGER, "A listener to all sessions")

    def add_everywhere(
        self, listener: Callable[[SessionNews], None]
    ) -> Callable[[], None]:
        """Call a listener with what happens at any connector from now on; returns what ends that."""
        return self._everywhere.add(listener)

    def add(
        self, identity: str, connector: int, listener: Callable[[ConnectorNews], None]
    ) -> Callable[[], None]:
        """Call a listener from now on, and at once with what happened while there was none; returns the function that ends that."""
        key = (identity, connector)
        listeners = self._listeners.setdefault(
            key, Listeners[ConnectorNews](_LOGGER, "A listener to sessions")
        )
        remove = listeners.add(listener)
        waiting, self._waiting = self._waiting, deque(maxlen=_MOST_WAIT)
        for news in waiting:
            self._call(news)

        def end() -> None:
            remove()
            self._listeners.pop(key, None)

        return end

    def call(self, news: ConnectorNews) -> None:
        """Call every listener of the connector, and those that listen to sessions everywhere."""
        if isinstance(news, SessionNews):
            self._everywhere.call(news)
        self._call(news)

    def _call(self, news: ConnectorNews) -> None:
        listeners = self._listeners.get((news.identity, news.connector))
        if listeners is None:
            self._waiting.append(news)
        else:
            listeners.call(news)
