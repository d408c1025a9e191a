"""The commands that differ by version while a station is set up."""

from typing import Protocol

from ..protocol.frames import Payload
from ..security.card_policy import Card


class SetupCommands(Protocol):
    """How one version of OCPP sets up a station.

    Settings are named by their configuration keys of OCPP 1.6. All methods raise CommandError when the station is not
    connected; a refusal is an error only where the method says so.
    """

    async def learn(self) -> None:
        """Ask for the station's capabilities one by one, and remember the answers in its `variables`."""

    async def try_set(self, key: str, value: str) -> bool:
        """Change a setting; returns whether the station has the value now, or never will."""

    async def try_set_begin_and_end(self) -> None:
        """Make the station report its register at the start and end of a transaction, where that is a setting."""

    async def try_trigger(self, message: str, connector: int | None = None) -> None:
        """Ask the station to send a message."""

    async def set_profile(self, connector: int, profile: Payload) -> None:
        """Set a charging profile of OCPP 1.6 for a connector or (0) all of them; a refusal is an error."""

    async def clear_profiles(self, purpose: str) -> None:
        """Clear all profiles of a purpose; it is an error if the station refuses, not if it has none."""

    async def send_local_list(self, version: int, cards: tuple[Card, ...]) -> None:
        """Update the station's list of cards to a version, unless it has that; a refusal is an error."""
