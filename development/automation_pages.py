"""Writes a page for each trigger and condition, in docs/triggers/ and docs/conditions/, from what the integration says itself.

`python -m development.automation_pages` writes them again; `tests/automation/test_automation_pages.py` tells when one is out of date, and
tries each example. Names, descriptions and options come from translations/en.json, triggers.yaml and conditions.yaml; what it
is good for, and what one should know, is written here. The quality scale asks for a page of each (docs-triggers, docs-conditions).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from homeassistant.util.yaml import load_yaml_dict

from .reference import HOUSE, ROOT, texts

DOCS = ROOT / "docs"


@dataclass(frozen=True, kw_only=True)
class About:
    """What is not in the integration itself: what something is good for, what it does in an example, and what to know of it."""

    use: str
    example: str
    notes: tuple[str, ...] = ()
    options: str = ""
    # When an automation with this condition looks.
    at: str = "21:00:00"


def _notify(message: str) -> str:
    return f"""actions:
  - action: notify.notify
    data:
      message: {message}
"""


_OF_ONE_CAR = (
    "To hear of one car only, wherever it charges, target all chargers and add the condition "
    "`{{ trigger.to_state.attributes.vehicle == 'Zoe' }}`."
)
_LATE = "`trigger.to_state.attributes.late` is true if it happened while Home Assistant or the charger was away; `at` is when it did."
_LIMITS = (
    "`limited_by` is `circuit` (the main fuse or a circuit), `demand_response` (a limit that you or an automation set), `dimming` "
    "(by the grid operator), `peak` (a capacity tariff), `imbalance` (between phases), `temperature`, `meter_lost` or `charger` "
    "(a limit that the charger itself reports). That a mode or a plan waits for sun or a price is your choice, and counts as no limit."
)
_AT_FUSE = "The target may be the site, a circuit, or a charger, which stands for the main fuse of its site."
_NOBODY = "Without a car, or without a departure, a car is neither ready nor on track."

TRIGGERS: Mapping[str, About] = {
    "car_plugged_in": About(
        use="Greet whoever comes home, ask by a notification whether the car is to charge at once, or switch on the light at the parking space.",
        example=_notify(
            "\"{{ trigger.to_state.attributes.vehicle or 'A car' }} is plugged in.\""
        ),
        notes=(_OF_ONE_CAR, _LATE),
    ),
    "car_unplugged": About(
        use="Set the mode back to its default when a guest leaves, or tell the next driver that the charger is free.",
        example=_notify('"The charger is free."'),
        notes=(_OF_ONE_CAR, _LATE),
    ),
    "charging_started": About(
        use="Keep a record of who charges, or start what is to run only beside a charging car.",
        example=_notify(
            "\"{{ trigger.to_state.attributes.driver or 'Somebody' }} charges now.\""
        ),
        notes=(
            "`trigger.to_state.attributes.driver` is who charges, if their card says so.",
            "A session starts when the charger starts one, which may be minutes after the car was plugged in: it may wait for a card, for sun or for a price.",
            _LATE,
        ),
    ),
    "charging_stopped": About(
        use="Send the energy of each session to whoever pays for it.",
        example=_notify(
            "\"{{ trigger.to_state.attributes.energy | round(1, default=0) }} kWh for {{ trigger.to_state.attributes.driver or 'a guest' }}\""
        ),
        notes=(
            "`trigger.to_state.attributes.energy` is the energy of the session in kWh.",
            "A car that is full keeps its session until it is unplugged: use [Car full](car_full.md) to hear that it is done.",
            _LATE,
        ),
    ),
    "car_full": About(
        use="Ask the driver to move the car, so that the next one can charge.",
        example=_notify(
            "\"{{ trigger.to_state.attributes.vehicle or 'The car' }} is full. Please move it.\""
        ),
        notes=(
            "A car counts as full when it has charged, may charge, and has taken nothing for two minutes. It happens once until the car leaves.",
            _LATE,
        ),
    ),
    "charging_limited": About(
        use="Hear why a car charges slowly, or switch off something else while the fuse is what limits it.",
        options="limited_by: [circuit]",
        example=_notify('"{{ trigger.to_state.attributes.explanation }}"'),
        notes=(
            "`trigger.to_state.attributes.explanation` says it in a sentence, in the language of your Home Assistant.",
            _LIMITS,
            "It happens when the limit has held the car back for a minute; again when another limit takes over, or when the car has been free for ten minutes.",
        ),
    ),
    "charger_fault": About(
        use="Be told at once when a charger reports a fault, and not only when the car is empty in the morning.",
        example=_notify(
            "\"{{ trigger.to_state.attributes.error or 'A charger reports a fault.' }}\""
        ),
        notes=(
            "`trigger.to_state.attributes.error` is what the charger calls it; its manual explains it.",
            _LATE,
        ),
    ),
    "card_seen": About(
        use="Open the gate for a card that is known, or hear of one that was refused.",
        options="result: [refused]",
        example=_notify(
            '"A card that ends in {{ trigger.to_state.attributes.card }} was refused."'
        ),
        notes=(
            "Only the last digits of a card are known to automations.",
            "To decide about unknown cards by an automation, see [Let an automation decide](../security.md#let-an-automation-decide).",
        ),
    ),
    "plan_will_miss": About(
        use="Hear hours before that a car will not be ready, while there is still time to start a boost or to leave later.",
        example=_notify(
            '"The car will lack {{ trigger.to_state.attributes.missing_energy }} kWh."'
        ),
        notes=(
            "`later` is when it would be ready, `missing_energy` what will be missing in kWh, and `boost_helps` whether a boost would help.",
            "Where the state of charge is known, `reaches` and `wanted` are what it will be and what was wanted, in percent.",
            "The plan is made every few minutes and whenever something changes. [Plan on time again](plan_on_time.md) tells when it fits after all.",
        ),
    ),
    "plan_on_time": About(
        use="Take back the warning that a car will not be ready.",
        example=_notify('"The car will be ready in time after all."'),
        notes=(
            "It only happens after [Plan will miss the target](plan_will_miss.md).",
        ),
    ),
    "fuse_overloaded": About(
        use="Switch off the sauna or the hot water when everything else is too much for the fuse.",
        options='behavior: each\nfor: "00:00:10"',
        example="""actions:
  - action: switch.turn_off
    target:
      entity_id: switch.hot_water
""",
        notes=(
            _AT_FUSE,
            "Cars were lowered before: what is left is the house, which Sunfuse does not control.",
        ),
    ),
    "fuse_limits_cars": About(
        use="Move the dishwasher to later while cars need the fuse.",
        options='behavior: each\nfor: "00:05:00"',
        example=_notify('"The main fuse holds the cars back."'),
        notes=(_AT_FUSE,),
    ),
    "meter_lost": About(
        use="Be told when the meter no longer answers: the cars get only what is safe without it.",
        options='behavior: each\nfor: "00:10:00"',
        example=_notify('"The meter of the main fuse does not answer."'),
        notes=(_AT_FUSE, "What Sunfuse does without a meter: [Safety](../safety.md)."),
    ),
}

_AT = """triggers:
  - trigger: time
    at: "{at}"
"""

CONDITIONS: Mapping[str, About] = {
    "is_plugged_in": About(
        use="Remind somebody to plug in the car, if it is not.",
        example=_notify('"The car is plugged in."'),
        notes=(
            "To test that *no* car is plugged in, put it into a building block **Not**.",
        ),
    ),
    "is_charging": About(
        use="Start what needs much power only when no car is charging.",
        example=_notify('"The car is charging."'),
        notes=(
            "A car that waits for sun, for a price or for its turn is not charging.",
        ),
    ),
    "is_ready_for_departure": About(
        at="07:00:00",
        use="Warm up the car only when it has the energy for its trip.",
        example=_notify('"The car is ready."'),
        notes=(
            "If nobody knows how much the car needs, it is ready when it takes no more.",
            _NOBODY,
        ),
    ),
    "plan_is_on_track": About(
        use="Be told in the evening if the car will not be ready in the morning.",
        example=_notify('"The car will be ready in time."'),
        notes=("Ready now, or in time by the plan: both count.", _NOBODY),
    ),
    "is_limited": About(
        use="Leave the dryer off while the fuse holds a car back.",
        options="limited_by: [circuit]\nbehavior: any",
        example=_notify('"The fuse holds the car back."'),
        notes=(_LIMITS,),
    ),
    "has_sun_surplus": About(
        at="12:00:00",
        use="Let a car charge fast for a while only when the sun gives enough for it.",
        options='power: 2000\nbehavior: any\nfor: "00:05:00"',
        example="""actions:
  - action: sunfuse.boost
    data:
      device_id: "{{ device_id('switch.garage_boost') }}"
      duration: "01:00:00"
""",
        notes=(
            "The surplus is what would be exported without the cars: what they take is part of it.",
            "The target may be the site or a charger, which stands for its site.",
        ),
    ),
}

_FOR_FUSE = {"fuse_overloaded", "fuse_limits_cars", "meter_lost", "has_sun_surplus"}
_AREA = """target:
  area_id: garage"""


def _indented(text: str, by: int) -> str:
    return "".join(f"{' ' * by}{line}\n" for line in text.splitlines())


def example_of(kind: str, key: str, about: About) -> str:
    """Return an automation that uses it, in YAML."""
    asked = f"- {kind}: sunfuse.{key}\n{_indented(_AREA, 2)}"
    if about.options:
        asked += f"  options:\n{_indented(about.options, 4)}"
    if kind == "trigger":
        return f"triggers:\n{_indented(asked, 2)}{about.example}"
    return f"{_AT.format(at=about.at)}conditions:\n{_indented(asked, 2)}{about.example}"


def _steps(kind: str, key: str, text: Mapping[str, Any]) -> Iterator[str]:
    part, button = ("When", "trigger") if kind == "trigger" else ("And if", "condition")
    target = (
        "your site, a circuit or a charger"
        if key in _FOR_FUSE
        else "a charger, or the area, floor or label of your chargers"
    )
    yield "1. Go to **Settings > Automations & scenes**, and open an automation, or create one."
    yield f"2. Under **{part}**, select **Add {button}**."
    yield f"3. Under **By target**, select {target}."
    yield f"4. Select **{text['name']}**."
    after = 5
    if fields := text.get("fields"):
        names = " and ".join(f"**{field['name']}**" for field in fields.values())
        yield f"{after}. If you want to, change {names}."
        after += 1
    yield f"{after}. Select **Save**."


def _choices(field: Mapping[str, Any]) -> str:
    ((selector, detail),) = field["selector"].items()
    match selector:
        case "select":
            return ", ".join(f"`{option}`" for option in detail["options"])
        case "automation_behavior":
            trigger = detail["mode"] == "trigger"
            names = ("each", "first", "all") if trigger else ("any", "all")
            return ", ".join(f"`{name}`" for name in names)
        case "number":
            return f"in {detail['unit_of_measurement']}"
        case "duration":
            return "`HH:MM:SS`"
    raise ValueError(selector)


def _options(text: Mapping[str, Any], fields: Mapping[str, Any]) -> Iterator[str]:
    if not fields:
        return
    yield "## Options"
    yield ""
    yield "| Option | In YAML | Meaning | Values | Default |"
    yield "| --- | --- | --- | --- | --- |"
    for key, field in fields.items():
        about = text["fields"][key]
        default = f"`{field['default']}`" if "default" in field else "all"
        yield f"| {about['name']} | `{key}` | {about['description']} | {_choices(field)} | {default} |"
    yield ""


def page(kind: str, key: str, about: About) -> str:
    """Return the page of a trigger or a condition."""
    text = texts()[f"{kind}s"][key]
    declared = load_yaml_dict(str(HOUSE / f"{kind}s.yaml"))[key]
    lines = [
        f"# {text['name']}",
        "",
        f"{text['description']} Use it to {about.use[0].lower()}{about.use[1:]}",
        "",
        "## In the automation editor",
        "",
        *_steps(kind, key, text),
        "",
        *_options(text, declared.get("fields", {})),
        "## In YAML",
        "",
        f"There it is called `sunfuse.{key}`:",
        "",
        "```yaml",
        *example_of(kind, key, about).splitlines(),
        "```",
    ]
    if about.notes:
        lines += ["", "## Good to know", "", *(f"- {note}" for note in about.notes)]
    lines += [
        "",
        f"All triggers and conditions: [Automations](../automations.md#{kind}s).",
    ]
    return "\n".join(lines) + "\n"


def pages() -> Iterator[tuple[Path, str]]:
    """Return each page, and where it is."""
    for kind, known in (("trigger", TRIGGERS), ("condition", CONDITIONS)):
        for key, about in known.items():
            yield DOCS / f"{kind}s" / f"{key}.md", page(kind, key, about)


def main() -> None:
    """Write the pages."""
    for path, content in pages():
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
