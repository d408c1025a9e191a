"""The sentences that Assist understands, in each language, without anything to copy into Home Assistant's configuration.

Home Assistant reads the sentences of intents from its own package and from the user's configuration only. Integrations may
register sentences with a callback, as automations do; ours hands the sentence to its intent. What the cars are called is
part of the sentences, so that "charge the phone now" is none of ours.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
)
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, intent
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.setup import async_when_setup
from homeassistant.util.yaml import load_yaml_dict

from ..const import DOMAIN
from .car_places import plain, spoken_names

if TYPE_CHECKING:
    from hassil.recognize import RecognizeResult

    from homeassistant.components.conversation import ConversationInput

FOLDER = Path(__file__).parent / "sentences"
CONVERSATION = "conversation"
# Home Assistant parses each sentence with all names when it first listens, on its event loop: a tenth of a second for
# ten names in ten languages. Where there are more, only its own language and English are understood.
MOST_NAMES = 20


class SpokenSentences:
    """Registers the sentences, again whenever a car is called something else."""

    def __init__(self, hass: HomeAssistant, grammar: Mapping[str, Any]) -> None:
        """Remember the sentences of each language, by intent."""
        self._hass = hass
        self._grammar = grammar
        self._names: tuple[str, ...] = ()
        self._registered: list[CALLBACK_TYPE] = []
        self._ready = False

    @callback
    def start(self) -> None:
        """Register them from now on: there is somebody who listens."""
        self._ready = True
        self._hass.bus.async_listen(dr.EVENT_DEVICE_REGISTRY_UPDATED, self._renamed)
        async_dispatcher_connect(
            self._hass, SIGNAL_CONFIG_ENTRY_CHANGED, self._entry_changed
        )
        self.update()

    @callback
    def _entry_changed(self, _change: ConfigEntryChange, entry: ConfigEntry) -> None:
        """Follow sites that are set up or unloaded, or have another car."""
        if entry.domain == DOMAIN:
            self.update()

    @callback
    def _renamed(self, event: Event[dr.EventDeviceRegistryUpdatedData]) -> None:
        if (
            event.data["action"] != "update"
            or "name_by_user" not in (event.data["changes"])
        ):
            return
        # Once the site uses the name.
        self._hass.loop.call_soon(self.update)

    @callback
    def update(self) -> None:
        """Register what there is to say about the cars as they are called now."""
        # Longest first: who is called "Zoe of Ann" is not "Zoe".
        found = spoken_names(self._hass)
        names = tuple(sorted(found, key=lambda name: (-len(name), name)))
        if not self._ready or (names == self._names and self._registered):
            return
        for unregister in self._registered:
            unregister()
        self._names, self._registered = names, []
        if not names:
            return
        from homeassistant.components.conversation.agent_manager import (
            get_agent_manager,
        )

        manager = get_agent_manager(self._hass)
        grammar = self._grammar
        if len(names) > MOST_NAMES:
            own = self._hass.config.language.partition("-")[0]
            grammar = {one: grammar[one] for one in grammar if one in (own, "en")}
        self._registered = [
            manager.register_trigger(
                sentences_of(grammar, intent_type, names),
                self._hears(intent_type),
            )
            for intent_type in intents_of(grammar)
        ]

    def _hears(self, intent_type: str) -> Any:
        """Return what handles the sentences of an intent."""

        async def hear(said: ConversationInput, _result: RecognizeResult) -> str:
            name = named(said.text, self._names)
            slots = {} if name is None else {"name": {"value": name}}
            try:
                response = await intent.async_handle(
                    self._hass,
                    DOMAIN,
                    intent_type,
                    slots,
                    said.text,
                    said.context,
                    said.language,
                    CONVERSATION,
                    said.device_id,
                )
            except intent.IntentHandleError as err:
                return str(err)
            return str(response.speech["plain"]["speech"])

        return hear


async def async_setup_sentences(hass: HomeAssistant) -> None:
    """Read the sentences, and register them once somebody listens."""
    grammar = await hass.async_add_executor_job(load_grammar)
    sentences = SpokenSentences(hass, grammar)

    async def start(_hass: HomeAssistant, _component: str) -> None:
        sentences.start()

    async_when_setup(hass, CONVERSATION, start)


def load_grammar() -> dict[str, Any]:
    """Return the sentences of each language, as in its file."""
    return {path.stem: load_yaml_dict(path) for path in sorted(FOLDER.glob("*.yaml"))}


def intents_of(grammar: Mapping[str, Any]) -> list[str]:
    """Return the intents that have sentences."""
    found = {name for language in grammar.values() for name in language["intents"]}
    return sorted(found)


def sentences_of(
    grammar: Mapping[str, Any], intent_type: str, names: Iterable[str]
) -> list[str]:
    """Return the sentences of an intent in all languages, with what the cars are called."""
    called = f"({'|'.join(names)})"
    return [
        sentence.replace("{car}", language["car"]).replace("{name}", called)
        for language in grammar.values()
        for sentence in language["intents"].get(intent_type, ())
    ]


def named(text: str, names: Iterable[str]) -> str | None:
    """Return which of these names, the longest first, is in a text as words of its own; None: no name."""
    said = f" {plain(text).casefold()} "
    return next((name for name in names if f" {name.casefold()} " in said), None)
