"""Every action with values that cannot be: it answers in words, and the charger is served on."""

from typing import Any

import pytest
import voluptuous as vol

from custom_components.sunfuse.actions.values import ActionSchema
from custom_components.sunfuse.const import DOMAIN
from homeassistant.core import HomeAssistant, Service
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from .test_charger_actions import device_of
from .test_every_action import Played, played

__all__ = ["played"]
pytestmark = pytest.mark.usefixtures("socket_enabled")

LONG = "x" * 3000
HUGE = 10**30
NEVER = "9999-12-31T23:59:59"
# What is asked of a charger. The device is added.
OF_A_CHARGER: tuple[tuple[str, dict[str, Any]], ...] = (
    ("trigger_message", {"message": "NoSuchMessage"}),
    ("trigger_message", {"message": LONG}),
    ("trigger_message", {"message": ""}),
    ("get_configuration", {"keys": [LONG]}),
    ("get_configuration", {"keys": [""]}),
    ("set_configuration", {"key": LONG, "value": "1"}),
    ("set_configuration", {"key": "HeartbeatInterval", "value": LONG}),
    ("set_configuration", {"key": "", "value": ""}),
    ("get_composite_schedule", {"duration": HUGE}),
    ("get_composite_schedule", {"duration": -1}),
    ("get_composite_schedule", {"duration": "nan"}),
    ("get_log", {"location": LONG}),
    ("get_log", {"location": "ftp://nas", "log": "none"}),
    ("update_firmware", {"location": LONG}),
    ("update_firmware", {"location": "x", "retrieve_at": NEVER}),
    (
        "update_firmware",
        {"location": "x", "signature": LONG * 3, "signing_certificate": LONG * 3},
    ),
    ("reserve", {"reservation_id": HUGE, "card": "A", "until": NEVER}),
    ("reserve", {"reservation_id": 1, "card": "A", "until": NEVER}),
    ("reserve", {"reservation_id": 1, "card": LONG, "until": "2090-01-01T00:00:00"}),
    ("cancel_reservation", {"reservation_id": HUGE}),
    ("cancel_reservation", {"reservation_id": -1}),
    ("transfer_data", {"vendor": LONG}),
    ("transfer_data", {"vendor": "v", "message": LONG}),
    ("set_display_message", {"message_id": HUGE, "text": "x"}),
    ("set_display_message", {"message_id": 1, "text": LONG}),
    ("set_display_message", {"message_id": 1, "text": "x", "language": LONG}),
    ("set_network_profile", {"slot": HUGE, "url": "ws://x", "security_profile": 0}),
    ("set_network_profile", {"slot": 1, "url": "ws://" + LONG, "security_profile": 0}),
    ("install_certificate", {"kind": "v2g_root", "certificate": LONG * 3}),
    ("delete_certificate", {"serial_number": LONG}),
    ("change_password", {"password": LONG}),
    ("change_password", {"password": "\u0000"}),
    ("boost", {"duration": {"days": HUGE}}),
    ("boost", {"duration": {"days": 400_000_000}}),
    ("boost", {"energy": "inf"}),
    ("boost", {"energy": "nan"}),
    ("boost", {"duration": "nonsense"}),
    ("set_peak", {"power": 1}),
    ("set_departure", {"departure": NEVER}),
    ("set_departure", {"departure": "0001-01-01T00:00:00"}),
    ("set_departure", {"time": "25:00"}),
    ("set_departure", {"time": "07:00", "target_soc": "nan"}),
    ("set_departure", {"time": "07:00", "target_energy": "inf"}),
    ("set_departure", {"time": "07:00", "target_energy": 0}),
    ("set_departure", {"time": "07:00", "weekdays": [LONG]}),
    ("set_departure", {"time": "07:00", "weekdays": ["mon"], "number": HUGE}),
    ("skip_tonight", {"skip": LONG}),
    ("pause", {"until": NEVER}),
    ("pause", {"duration": {"days": HUGE}}),
    ("pause_departures", {"duration": "nonsense"}),
    ("preview", {"departure": NEVER}),
    ("preview", {"energy": "nan"}),
    ("preview", {"target_soc": HUGE}),
    ("preview", {"mode": LONG}),
)
# What is asked of a site.
OF_A_SITE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("set_limit", {"current": "nan"}),
    ("set_limit", {"current": "inf"}),
    ("set_limit", {"power": 1e308}),
    ("set_limit", {"current": 10, "until": NEVER}),
    ("set_limit", {"current": 10, "until": "0001-01-01T00:00:00"}),
    ("set_limit", {"current": 10, "circuit": LONG}),
    ("get_prices", {"hours": "inf"}),
    ("get_prices", {"hours": 1}),
    ("clear_limit", {"reason": ["x", {}]}),
    ("get_site_report", {"days": HUGE}),
    ("plan", {"days": HUGE}),
    ("bill_again", {"start": NEVER}),
    ("bill_again", {"start": "0001-01-01T00:00:00"}),
    ("what_if", {"weeks": HUGE}),
    ("what_if", {"fuse": "nan"}),
    ("what_if", {"import_price": "inf"}),
    ("get_sessions", {"start": NEVER}),
    ("get_sessions", {"person": LONG}),
    ("export_sessions", {"end": NEVER}),
    ("export_sessions", {"price": "nan"}),
    ("export_sessions", {"format": LONG}),
    ("delete_person", {"person": LONG}),
    ("join_persons", {"person": LONG, "into": LONG}),
)
# They have no values but the device, which is tried with each of them.
WITHOUT_VALUES = (
    "cancel_boost",
    "clear_cache",
    "clear_departure",
    "get_certificates",
    "renew_certificate",
    "reset",
    "resume",
    "set_availability",
    "test_fail_safe",
    "unlock",
)


# What the schemas of the actions refuse, and why: first of those of a charger.
REFUSED_OF_A_CHARGER: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("set_departure", {"target_soc": 0}, "number_out_of_range"),
    ("set_departure", {"target_soc": "nan"}, "number_out_of_range"),
    ("set_departure", {"number": 11}, "number_out_of_range"),
    ("set_departure", {"target_soc": "full"}, "number_out_of_range"),
    ("set_departure", {"time": "25:00"}, "time_of_day_expected"),
    ("set_departure", {"departure": "tomorrow"}, "time_expected"),
    ("set_departure", {"departure": "2026-13-01 07:00"}, "time_expected"),
    ("set_departure", {"time": "7:00", "weekdays": ["monday"]}, "choice_expected"),
    ("skip_tonight", {"skip": "perhaps"}, "yes_or_no_expected"),
    ("pause", {"duration": {"hours": -1}}, "duration_expected"),
    ("pause", {"duration": "an hour"}, "duration_expected"),
    ("boost", {"duration": "-00:30:00"}, "duration_expected"),
    ("boost", {"energy": -1}, "number_out_of_range"),
    ("preview", {"mode": "sunny"}, "choice_expected"),
    ("preview", {"strategy": 5}, "choice_expected"),
    ("get_log", {"location": "ftp://nas", "log": "all"}, "choice_expected"),
    (
        "reserve",
        {"reservation_id": 1, "card": " ", "until": "2030-01-01"},
        "text_length",
    ),
    ("get_composite_schedule", {"duration": 0}, "number_out_of_range"),
    ("get_log", {"location": ""}, "address_expected"),
    ("get_log", {"location": "nas/logs"}, "address_expected"),
    ("update_firmware", {"location": "file:///x"}, "address_expected"),
    (
        "set_network_profile",
        {"slot": 1, "security_profile": 0, "url": "http://x"},
        "address_expected",
    ),
    (
        "set_network_profile",
        {"slot": 1, "security_profile": 0, "url": "ws://"},
        "address_expected",
    ),
)
REFUSED_OF_A_SITE: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("export_sessions", {"format": "doc"}, "choice_expected"),
    ("export_sessions", {"language": "German"}, "language_expected"),
    ("export_sessions", {"issuer": "x" * 1001}, "text_length"),
    ("get_sessions", {"start": "last week"}, "time_expected"),
    ("set_limit", {"current": 10, "cars_only": "both"}, "yes_or_no_expected"),
    ("get_site_report", {"days": 0}, "number_out_of_range"),
    ("get_site_report", {"daily_energy": "much"}, "number_out_of_range"),
    ("what_if", {"policy": "best"}, "choice_expected"),
    ("what_if", {"capacity_tariff": "Mars"}, "choice_expected"),
    ("what_if", {"price_entity": "price"}, "entity_expected"),
)


async def test_of_a_charger(hass: HomeAssistant, played: Played) -> None:
    """Over real sockets, to a charger of each version."""
    device = device_of(played.home, "CP1")
    for action, data in OF_A_CHARGER:
        await _answers_in_words(hass, action, {"device_id": device, **data})
    await played.act("trigger_message", message="Heartbeat")


async def test_of_a_device_that_is_none(hass: HomeAssistant, played: Played) -> None:
    """A device that is not there, and one that is no charger."""
    without: list[tuple[str, dict[str, Any]]] = [(one, {}) for one in WITHOUT_VALUES]
    for action, data in (*OF_A_CHARGER, *without):
        for device in ("", "no such device", LONG):
            await _answers_in_words(hass, action, {"device_id": device, **data}, True)


async def test_of_a_schema(hass: HomeAssistant, played: Played) -> None:
    """A schema has English words only: what users can type is refused in theirs."""
    device = device_of(played.home, "CP1")
    for action, data, key in REFUSED_OF_A_CHARGER:
        answers = action in ("get_log", "get_composite_schedule", "preview")
        asked = {"device_id": device, **data}
        assert await _refused(hass, action, asked, answers) == key, (action, data)


async def test_of_the_schema_of_a_site(hass: HomeAssistant, played: Played) -> None:
    """What is asked of a site is refused in the user's words, too."""
    entry_id = played.home.entry.entry_id
    for action, data, key in REFUSED_OF_A_SITE:
        asked = {"config_entry_id": entry_id, **data}
        answers = action != "set_limit"
        assert await _refused(hass, action, asked, answers) == key, (action, data)


async def _refused(
    hass: HomeAssistant, action: str, data: dict[str, Any], answers: bool
) -> str | None:
    """Return the key of the words in which an action is refused; None if it is not."""
    try:
        await hass.services.async_call(
            DOMAIN, action, data, blocking=True, return_response=answers
        )
    except ServiceValidationError as err:
        return err.translation_key
    return None


async def test_of_a_site(hass: HomeAssistant, played: Played) -> None:
    """Numbers that are none, and times at which nobody lives; nothing of it is taken over."""
    entry_id = played.home.entry.entry_id
    for action, data in OF_A_SITE:
        site = {"config_entry_id": entry_id, **data}
        await _answers_in_words(hass, action, site, True)
        nobody = {"config_entry_id": "no such site", **data}
        await _answers_in_words(hass, action, nobody, True)
    assert not played.home.entry.runtime_data.settings.site.limits


async def test_of_a_card_that_nobody_held(hass: HomeAssistant, played: Played) -> None:
    """Nobody waits for the answer."""
    for request in ("", LONG, "none"):
        data = {"request_id": request, "accept": True}
        await _answers_in_words(hass, "authorize", data, True)


async def test_every_action_names_its_field(
    hass: HomeAssistant, played: Played
) -> None:
    """What is missing, unknown or no value at all is said in the user's language; Home Assistant says it in English."""
    actions = hass.services.async_services_for_domain(DOMAIN)
    for action, service in actions.items():
        assert isinstance(service.schema, ActionSchema), action
        for required in (one for one in service.schema.schema if _is_required(one)):
            assert _refusal(service, {}) == ("field_missing", str(required)), action
            break
    wrong: tuple[tuple[str, dict[str, Any], str], ...] = (
        ("plan", {"config_entry_id": "x", "nonsense": 1}, "field_unknown"),
        ("export_sessions", {"folder": ["/media"]}, "field_impossible"),
        ("export_sessions", {"folder": "/media/../etc"}, "field_impossible"),
        ("what_if", {"price_table": 0.3}, "field_impossible"),
        ("boost", {"device_id": None}, "field_impossible"),
    )
    for action, data, key in wrong:
        needed = {} if action == "boost" else {"config_entry_id": "x"}
        assert _refusal(actions[action], needed | data) == (key, list(data)[-1])


def _is_required(field: object) -> bool:
    return isinstance(field, vol.Required)


def _refusal(service: Service, data: dict[str, Any]) -> tuple[str | None, str]:
    """Return what is said of an action's fields, and of which."""
    assert service.schema
    with pytest.raises(ServiceValidationError) as refused:
        service.schema(data)
    assert refused.value.translation_placeholders
    return (
        refused.value.translation_key,
        refused.value.translation_placeholders["field"],
    )


async def test_no_action_is_left_out(hass: HomeAssistant, played: Played) -> None:
    """Whoever adds an action tries it with what cannot be."""
    tried = {action for action, _ in (*OF_A_CHARGER, *OF_A_SITE)}
    there = set(hass.services.async_services_for_domain(DOMAIN))
    assert there - tried - {*WITHOUT_VALUES, "authorize"} == set()


async def _answers_in_words(
    hass: HomeAssistant, action: str, data: dict[str, Any], fails: bool = False
) -> None:
    answers = action.startswith("get_") and action != "get_log"
    answers |= action in ("plan", "preview")
    error: Exception | None = None
    try:
        await hass.services.async_call(
            DOMAIN, action, data, blocking=True, return_response=answers
        )
    except HomeAssistantError as err:
        error = err
        assert error.translation_key, (action, data)
    # A charger may take what looks strange; a site does not.
    assert error or not fails, (action, data)
