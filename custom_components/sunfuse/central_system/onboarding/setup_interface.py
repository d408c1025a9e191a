"""What differs by version while a station is set up."""

from typing import Protocol

from ..protocol.frames import Payload
from ..security.card_policy import Card


class SetupCommands(Protocol):
    """How one version of OCPP says what a station is set up with.

    Settings are named by their configuration keys of OCPP 1.6. All raise CommandError when the station is gone; that
    it refuses is an error only where that is said.
    """

    async def learn(self) -> None:
        """Ask what the station can do, one thing at a time, and remember it in its `variables`."""

    async def try_set(self, key: str, value: str) -> bool:
        """Change a setting; returns whether the station has the value now, or never will."""

    async def try_set_begin_and_end(self) -> None:
        """Have the station report its register at the begin and end of a transaction, where that is a setting."""

    async def try_trigger(self, message: str, connector: int | None = None) -> None:
        """Have the station send a message."""

    async def set_profile(self, connector: int, profile: Payload) -> None:
        """Set a charging profile of OCPP 1.6 for a connector or (0) all of them; a refusal is an error."""

    async def clear_profiles(self, purpose: str) -> None:
        """Clear all profiles of a purpose; that there are none is no error, a refusal is one."""

    async def send_local_list(self, version: int, cards: tuple[Card, ...]) -> None:
        """Bring the station's list of cards up to a version, unless it has that; a refusal is an error."""
