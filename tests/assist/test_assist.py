"""Assist: what people ask about their cars and tell them, through conversation and through a language model's tools."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
import re
from typing import Any

from hassil.intents import Intents
from hassil.recognize import recognize_all
import pytest

from custom_components.sunfuse.assist import answers, spoken
from custom_components.sunfuse.assist.spoken import (
    FOLDER,
    intents_of,
    load_grammar,
    sentences_of,
)
from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.site.outcome import ConnectorKey
from homeassistant.auth.models import User
from homeassistant.components import conversation
from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    intent,
    llm,
)
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from ..central_system.client import RawStation
from ..common import wait_until
from ..project.texts import ENGLISH, INTEGRATION
from ..site.cars.test_vehicles import id_of, vehicle
from ..site_fixtures import Home

pytestmark = pytest.mark.usefixtures("socket_enabled")

# What somebody says in each language: whether it is ready, when it is, charge, stop, go on, how much sun.
SAID = {
    "en": (
        "Is the car ready for tomorrow?",
        "When will the car be ready?",
        "Charge the Zoe now",
        "Stop charging",
        "Resume charging the Zoe",
        "How much sun did the car get today?",
    ),
    "de": (
        "Ist das Auto für morgen bereit?",
        "Wann ist der Zoe fertig?",
        "Lade den Zoe jetzt",
        "Stoppe das Laden",
        "Lade den Zoe weiter",
        "Wie viel Sonne hat das Auto heute bekommen?",
    ),
    "nl": (
        "Is de auto klaar voor morgen?",
        "Wanneer is de auto vol?",
        "Laad de Zoe nu op",
        "Stop met laden",
        "Ga door met laden",
        "Hoeveel zon heeft de auto vandaag gekregen?",
    ),
    "fr": (
        "Est-ce que la voiture sera prête pour demain ?",
        "Quand la voiture sera-t-elle prête ?",
        "Charge la Zoe maintenant",
        "Arrête la charge",
        "Reprends la charge de la Zoe",
        "Combien de soleil la voiture a-t-elle reçu aujourd'hui ?",
    ),
    "sv": (
        "Är bilen klar till i morgon?",
        "När är bilen klar?",
        "Ladda Zoe nu",
        "Sluta ladda",
        "Fortsätt ladda Zoe",
        "Hur mycket sol fick bilen idag?",
    ),
    "es": (
        "¿Está el coche listo para mañana?",
        "¿Cuándo estará listo el coche?",
        "Carga el Zoe ahora",
        "Detén la carga",
        "Reanuda la carga del Zoe",
        "¿Cuánto sol ha recibido el coche hoy?",
    ),
    "it": (
        "La macchina è pronta per domani?",
        "Quando sarà pronta la macchina?",
        "Carica la Zoe adesso",
        "Interrompi la ricarica",
        "Riprendi la ricarica della Zoe",
        "Quanto sole ha preso l'auto oggi?",
    ),
    "nb": (
        "Er bilen klar til i morgen?",
        "Når er bilen ferdigladet?",
        "Lad Zoe nå",
        "Stopp ladingen",
        "Fortsett å lade Zoe",
        "Hvor mye sol fikk bilen i dag?",
    ),
    "da": (
        "Er bilen klar til i morgen?",
        "Hvornår er bilen ladet op?",
        "Oplad Zoe nu",
        "Stop opladningen",
        "Genoptag opladningen af Zoe",
        "Hvor meget sol fik bilen i dag?",
    ),
    "pl": (
        "Czy samochód będzie gotowy na jutro?",
        "Kiedy samochód będzie naładowany?",
        "Naładuj Zoe teraz",
        "Przerwij ładowanie",
        "Wznów ładowanie Zoe",
        "Ile słońca dostał samochód dzisiaj?",
    ),
}
INTENTS = (
    "SunfuseIsReady",
    "SunfuseWhenReady",
    "SunfuseChargeNow",
    "SunfuseStopCharging",
    "SunfuseResumeCharging",
    "SunfuseSunToday",
)
GRAMMAR = load_grammar()


def recognised(text: str, grammar: Mapping[str, Any]) -> set[str]:
    """Return the intents that a text is, as Home Assistant recognises the sentences of integrations."""
    intents = Intents.from_dict(
        {
            "language": "en",
            "intents": {
                name: {"data": [{"sentences": sentences_of(grammar, name, NAMES)}]}
                for name in intents_of(grammar)
            },
        }
    )
    return {found.intent.name for found in recognize_all(text, intents)}


NAMES = ("Ann's Leaf", "Garage", "Zoe")


@pytest.mark.parametrize("language", SAID)
def test_what_is_said_in_each_language(language: str) -> None:
    """Each question and order is understood, as one thing, also among the sentences of all other languages."""
    assert tuple(GRAMMAR[language]["intents"]) == INTENTS
    for text, expected in zip(SAID[language], INTENTS, strict=True):
        assert recognised(text, {language: GRAMMAR[language]}) == {expected}, text
        assert recognised(text, GRAMMAR) == {expected}, text


@pytest.mark.parametrize(
    "text",
    [
        "Charge the phone now",
        "Stop the music",
        "Is the garage door open",
        "Lade das Handy jetzt",
        "When is the train ready",
    ],
)
def test_what_is_somebody_elses(text: str) -> None:
    """Only what is a car, or is called like one, is ours."""
    assert recognised(text, GRAMMAR) == set()


def test_every_answer_is_used() -> None:
    """No sentence is missing, and none is left over."""
    source = "".join(
        path.read_text("utf-8") for path in (INTEGRATION / "assist").glob("*.py")
    )
    used = set(re.findall(r'"(assist_\w+)"', source))
    assert used == {key for key in ENGLISH["common"] if key.startswith("assist_")}
    assert {path.stem for path in FOLDER.glob("*.yaml")} == SAID.keys()


async def say(
    hass: HomeAssistant,
    text: str,
    context: Context | None = None,
    language: str = "en",
) -> str:
    """Say something to Assist; return what it answers."""
    found = await conversation.async_converse(
        hass, text, None, context or Context(), language=language
    )
    speech: str = found.response.speech["plain"]["speech"]
    return speech


@pytest.fixture(autouse=True)
async def assist(request: pytest.FixtureRequest) -> None:
    """Set up Assist, where a test has a Home Assistant."""
    if "hass" not in request.fixturenames:
        return
    hass: HomeAssistant = request.getfixturevalue("hass")
    for component in ("homeassistant", "conversation", "intent", "llm"):
        assert await async_setup_component(hass, component, {})


async def at_home(start: Callable[..., Any]) -> tuple[Home, RawStation]:
    """Return a site whose Zoe is plugged in and charges."""
    home: Home = await start("CP1", vehicle("Zoe"))
    station = await home.charge("CP1")
    home.entry.runtime_data.car_sessions.choose("CP1/1", id_of(home))
    await home.shows("sensor", "CP1/1_car", "Zoe")
    return home, station


async def test_charge_now_and_stop(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """A boost, a pause of a day, and its end, by the name of the car or without one; in two languages."""
    home, _ = await at_home(start)
    assert (await say(hass, "Charge the Zoe now")).startswith(
        "Zoe charges at full power until "
    )
    assert home.state("switch", "CP1/1_boost") == "on"
    assert "pauses until" in await say(hass, "stop charging")
    assert home.state("switch", "CP1/1_boost") == "off"
    await home.shows("sensor", "CP1/1_reason", "paused_until")
    # Whoever says now does not wait for the end of the pause.
    answer = await say(hass, "Lade den Zoe jetzt", language="de")
    assert answer.startswith("Zoe lädt mit voller Leistung bis ")
    charging = ("boosting", "ramping", "full_power", "limited_by_circuit")
    await home.shows("sensor", "CP1/1_reason", *charging)
    await say(hass, "Stoppe das Laden vom Zoe", language="de")
    await home.shows("sensor", "CP1/1_reason", "paused_until")
    assert "no longer paused" in await say(hass, "Continue charging the charger cp1")
    await wait_until(
        lambda: home.state("sensor", "CP1/1_reason") != "paused_until", "it goes on"
    )
    # A switch of the owner comes before what is said.
    await home.call("switch", "turn_off", "CP1/1_charging_allowed")
    assert (await say(hass, "charge the car now")) == (
        "Zoe cannot charge now. The switch Charging allowed is off."
    )
    assert home.state("switch", "CP1/1_boost") == "off"


async def test_ready_for_tomorrow(
    hass: HomeAssistant, start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a departure, with one in time, with one that is missed, and when it is full."""
    home, station = await at_home(start)
    assert (await say(hass, "Is the car ready for tomorrow?")).startswith(
        "I do not know a departure of Zoe. "
    )
    runtime = home.entry.runtime_data
    runtime.demands.type_soc(id_of(home), 60.0, dt_util.utcnow())
    await home.call("number", "set_value", f"{id_of(home)}_target_soc", value=80)
    tool = await tools(hass)
    later = dt_util.now() + timedelta(hours=10)
    found = await tool(
        "set_departure",
        departure=later.strftime("%Y-%m-%d %H:%M"),
        state_of_charge=80,
    )
    assert found["answer"].startswith("Departure of Zoe: ")
    await home.shows("sensor", "CP1/1_readiness", "on_track")
    assert "will be in time: by " in await say(hass, "Is the Zoe ready for tomorrow?")
    assert "Zoe will be ready by" in await say(hass, "When will the car be ready?")
    answer = await say(hass, "Ist das Auto morgen fertig?", language="de")
    assert "wird es aber rechtzeitig" in answer
    soon = dt_util.now() + timedelta(minutes=20)
    await tool(
        "set_departure", departure=soon.strftime("%Y-%m-%d %H:%M"), state_of_charge=99
    )
    await home.shows("sensor", "CP1/1_readiness", "will_miss")
    answer = await say(hass, "Is the car ready for tomorrow?")
    assert answer.startswith("Zoe will not be ready in time. Will reach only")
    (car,) = (await tool("get_cars"))["cars"]
    assert (car["name"], car["readiness"]) == ("Zoe", "will_miss")
    assert car["state_of_charge_percent"] == 60
    runtime.demands.type_soc(id_of(home), 99.0, dt_util.utcnow())
    await home.shows("sensor", "CP1/1_readiness", "ready")
    assert await say(hass, "Is the car ready?") == "Zoe is ready."
    found = await tool("set_departure", departure="2020-01-01 07:00")
    assert "passed" in found["error"]


async def test_the_end_of_the_plan_is_not_when_a_car_is_ready(
    hass: HomeAssistant, start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A car that still charges where the plan ends, as one that is slow and large: nobody knows when it is ready."""
    home, _station = await at_home(start)
    planning, key = home.entry.runtime_data.planning, ConnectorKey("CP1", 1)
    await wait_until(lambda: planning.car(key), "a plan for the car")
    assert "will be ready by" in await say(hass, "When will the car be ready?")
    slow = replace(planning.car(key), end=planning.data.intention.slots[-1].end)
    monkeypatch.setattr(planning, "car", lambda _key: slow)
    for question in ("Is the car ready for tomorrow?", "When will the car be ready?"):
        assert "will be ready by" not in await say(hass, question)


async def test_sun_of_today(
    hass: HomeAssistant, start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the ledger knows of today, of the session that runs, too."""
    home, station = await at_home(start)
    assert await say(hass, "How much sun did the Zoe get today?") == (
        "Zoe has not charged today."
    )
    home.charging = None
    await home.draw(station, 10, register_kwh=1.0)
    await asyncio.sleep(60)
    await home.draw(station, 10, register_kwh=1.115)
    await asyncio.sleep(70)
    # So little that a share would seem to contradict what is said of the energies.
    assert await say(hass, "How much sun did the car get today?") == (
        "Zoe has charged 0.1 kWh today, 0.0 kWh of it from the sun."
    )
    answer = await say(
        hass, "Wie viel Sonne hat der Zoe heute bekommen?", language="de"
    )
    assert "davon 0,0 kWh von der Sonne" in answer
    monkeypatch.setattr(answers, "_LEAST_SHARED_WH", 50)
    answer = await say(hass, "How much sun did the car get today?")
    assert answer.endswith(" from the sun. That is 0 %.")


async def test_who_may(
    hass: HomeAssistant, start: Callable[..., Any], hass_read_only_user: User
) -> None:
    """Who may see a charger but not control it asks, and orders nothing; who sees nothing is told of none."""
    home, _ = await at_home(start)
    user = hass_read_only_user
    user.groups = []
    status = home.entity("sensor", "CP1/1_status")
    mode = home.entity("select", "CP1/1_mode")
    seen = {"entities": {"entity_ids": {status: {"read": True}, mode: {"read": True}}}}
    user.mock_policy(seen)  # type: ignore[attr-defined]
    context = Context(user_id=user.id)
    assert "a departure of Zoe" in await say(hass, "Is the car ready?", context)
    assert await say(hass, "Charge the Zoe now", context) == (
        "You are not allowed to control that."
    )
    assert home.state("switch", "CP1/1_boost") == "off"
    tool = await tools(hass, context)
    assert len((await tool("get_cars"))["cars"]) == 1
    with pytest.raises(intent.IntentHandleError, match="not allowed"):
        await tool("SunfuseChargeNow")
    assert (
        "not allowed" in (await tool("set_departure", departure="2099-01-01"))["error"]
    )
    driver = {"entities": {"entity_ids": {status: True, mode: True}}}
    user.mock_policy(driver)  # type: ignore[attr-defined]
    assert "charges at full power" in await say(hass, "Charge the Zoe now", context)
    user.mock_policy({"entities": False})  # type: ignore[attr-defined]
    assert "no charger" in await say(hass, "Is the car ready?", context)
    assert (await tool("get_cars"))["cars"] == []


async def test_which_car(hass: HomeAssistant, start: Callable[..., Any]) -> None:
    """Of two cars one is asked for by its name; a question without one is about those that are plugged in."""
    home: Home = await start("CP1", "CP2", vehicle("Zoe"), vehicle("Ann's Leaf"))
    assert "not plugged in" in await say(hass, "Is the Zoe ready?")
    assert (
        await say(hass, "Charge the car now")
    ) == "Which one do you mean: Ann's Leaf, Charger CP1, Charger CP2, Zoe?"
    await home.charge("CP1")
    home.entry.runtime_data.car_sessions.choose("CP1/1", id_of(home, "Ann's Leaf"))
    await home.shows("sensor", "CP1/1_car", "Ann's Leaf")
    assert (await say(hass, "Is the car ready?")).startswith(
        "I do not know a departure of Ann"
    )
    assert "Zoe is not plugged in" in await say(hass, "Charge the Zoe now")
    assert (await say(hass, "Charge Ann's Leaf now")).startswith("Ann's Leaf charges")
    # A device that is renamed is called so at once.
    registry = dr.async_get(hass)
    device = registry.async_get_device_by_identifier(
        (DOMAIN, f"{home.entry.entry_id}_{id_of(home, 'Zoe')}"), home.entry.entry_id
    )
    assert device
    registry.async_update_device(device.id, name_by_user="Blue (old)")
    await hass.async_block_till_done()
    assert "Blue (old) is not plugged in" in await say(hass, "Charge Blue old now")


async def test_what_is_not_exposed(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """A car none of whose entities is exposed to Assist does not exist for it, nor for a language model."""
    home, _ = await at_home(start)
    names = [tool.name for tool in (await api(hass)).tools]
    assert f"{DOMAIN}__get_cars" in names
    assert all(name.startswith(f"{DOMAIN}__") for name in names if "unfuse" in name)
    for entity in er.async_entries_for_config_entry(
        er.async_get(hass), home.entry.entry_id
    ):
        async_expose_entity(hass, "conversation", entity.entity_id, False)
    assert "no charger" in await say(hass, "Is the car ready?")
    names = [tool.name for tool in (await api(hass)).tools]
    assert not [name for name in names if "unfuse" in name]


async def api(hass: HomeAssistant, context: Context | None = None) -> llm.APIInstance:
    """Return what a language model of Assist gets."""
    return await llm.async_get_api(
        hass,
        llm.LLM_API_ASSIST,
        llm.LLMContext(
            platform="test",
            context=context or Context(),
            language="en",
            assistant="conversation",
            device_id=None,
        ),
    )


async def tools(
    hass: HomeAssistant, context: Context | None = None
) -> Callable[..., Any]:
    """Return what calls a tool of ours, as a language model does."""
    instance = await api(hass, context)

    async def call(tool: str, /, **args: Any) -> Any:
        result = await instance.async_call_tool(
            llm.ToolInput(tool_name=f"{DOMAIN}__{tool}", tool_args=args)
        )
        return result.data

    return call


async def test_the_tools_of_a_model(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Facts with a reason; orders that answer; a car that does not exist is an error that says which there are."""
    home, _ = await at_home(start)
    instance = await api(hass)
    assert "Sunfuse charges the user's electric cars" in instance.api_prompt
    tool = await tools(hass)
    (car,) = (await tool("get_cars", name="zoe"))["cars"]
    assert car["plugged_in"] is True
    assert car["also_called"] == ["Charger CP1"]
    assert car["status"] == "charging"
    assert car["explanation"]
    found = await tool("SunfuseChargeNow", name="Zoe")
    assert "full power" in found["speech"]["plain"]["speech"]
    assert home.state("switch", "CP1/1_boost") == "on"
    found = await tool("get_cars", name="Tesla")
    assert found["error"] == "I do not know a car or charger called Tesla. I know: Zoe."


async def test_many_chargers(
    hass: HomeAssistant, start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there are more names than can be parsed at once, the language of the house and English are understood."""
    monkeypatch.setattr(spoken, "MOST_NAMES", 1)
    await at_home(start)
    assert "charges at full power" in await say(hass, "Charge the Zoe now")
    answer = await say(hass, "Lade den Zoe jetzt", language="de")
    assert "lädt" not in answer


async def test_sentences_leave_no_trace(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """A site that is unloaded is not spoken of any more."""
    home, _ = await at_home(start)
    await hass.config_entries.async_unload(home.entry.entry_id)
    await hass.async_block_till_done()
    assert "Zoe" not in await say(hass, "Charge the Zoe now")
