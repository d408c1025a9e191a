"""Every language has the same texts, and in each one term stands for one thing."""

import re

import pytest

from .texts import ENGLISH, INTEGRATION, LANGUAGES, fields_in, load, strings_of

# A term, and how the country's electricians write it.
TERMS = {
    "fail-safe current": {
        "da": "tilbagefaldsstrøm",
        "de": "Rückfallstr[oö]m",
        "es": "corrientes? de respaldo",
        "fr": "courants? de repli",
        "it": "corrent[ei] di sicurezza",
        "nb": "tilbakefallsstrøm",
        "nl": "terugvalstro",
        "pl": r"pr[ąa]d\w* bezpieczn",
        "sv": "felsäk",
    },
    "solar surplus": {
        "da": "soloverskud",
        "de": "Solarüberschuss",
        "es": "excedente solar",
        "fr": "surplus solaire",
        "it": "surplus solare",
        "nb": "soloverskudd",
        "nl": "zonneoverschot",
        "pl": r"nadwyżk\w* (energii )?słone",
        "sv": "solöverskott",
    },
    # A breaker in some countries, and its rating is on the one as on the other.
    "main fuse": {
        "da": "hovedsikring",
        "de": "Sicherung",
        "es": "protecci[óo]n|fusible|protegida",
        "fr": "disjoncteur",
        "it": "protezion[ei]|fusibile|impianto",
        "nb": "hovedsikring",
        "nl": "hoofdzekering",
        "pl": "zabezpiecz|bezpiecznik",
        "sv": "huvudsäkring",
    },
}


# Other words for what has its word already: a session, a card of a driver, a charger, plugging in, the plan of charging.
OTHER_WORDS = {
    "de": r"[Ee]ingesteckt|[Aa]usgesteckt|Sitzung|Ladesäule|\bLadung\b|(?<!Lade)Plan\b",
    "nl": r"(?<![Ll]aad)sessie|\bSessie|\b[Kk]aart(en)?\b|\b[Ll]ader\b|het plan\b",
    "sv": r"\b[Ll]addar(e|na)\b|\b[Ss]ession|\b[Pp]lanen\b",
}


def test_the_languages() -> None:
    """They are all there."""
    files = (INTEGRATION / "translations").glob("*.json")
    assert {path.stem for path in files} == {"en", *LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_texts(language: str) -> None:
    """A translation has each text that English has and no other, and fills in the same values."""
    english = dict(strings_of(ENGLISH))
    translated = dict(strings_of(load(f"translations/{language}.json")))
    assert translated.keys() == english.keys()
    for path, text in translated.items():
        assert fields_in(text) == fields_in(english[path]), path
        assert text.strip(), path


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("term", TERMS)
def test_one_term_for_one_thing(term: str, language: str) -> None:
    """A text that names one of these things does so in the words of the country's electricians."""
    translated = dict(strings_of(load(f"translations/{language}.json")))
    for path, text in strings_of(ENGLISH):
        if term in text.lower():
            assert re.search(TERMS[term][language], translated[path], re.IGNORECASE), (
                path
            )


@pytest.mark.parametrize("language", OTHER_WORDS)
def test_one_word_for_one_thing(language: str) -> None:
    """A reader who meets another word looks for another thing."""
    other = re.compile(OTHER_WORDS[language])
    texts = strings_of(load(f"translations/{language}.json"))
    assert [(path, text) for path, text in texts if other.search(text)] == []


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_names_of_circuits_are_not_inflected(language: str) -> None:
    """A name may have an article, as "Die Hauptsicherung" has: it begins a sentence, or stands in brackets or behind a colon."""
    alone = re.compile(r"(^|\(|[.:] )\{circuit\}")
    wrong = [
        key
        for key, text in load(f"translations/{language}.json")["common"].items()
        if "{circuit}" in alone.sub("", text)
    ]
    assert wrong == []


@pytest.mark.parametrize("language", ["es", "fr", "it", "pl", "sv"])
def test_nothing_agrees_with_names_of_circuits(language: str) -> None:
    """A name may be of either gender: "La protección general está limitada", "El garaje está limitado"."""
    agrees = re.compile(r"\{circuit\} (está|è|est|jest|är) ")
    texts = load(f"translations/{language}.json")["common"]
    assert [key for key, text in texts.items() if agrees.search(text)] == []


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_a_button_is_called_what_it_shows(language: str) -> None:
    """Who speaks to a phone says what is written on the button; its name goes on with the circuit."""
    texts = load(f"translations/{language}.json")["common"]
    assert texts["card_change_limit_of"].startswith(texts["card_change_limit"])


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_names_of_weekly_departures_begin_with_the_day(language: str) -> None:
    """A phone shows the first letters beside a time: seven rows must differ in them."""
    entities = load(f"translations/{language}.json")["entity"]
    names = [
        text["name"]
        for texts in entities.values()
        for key, text in texts.items()
        if key.startswith("day_")
    ]
    assert len(names) == len(set(names)) == 6
    assert all(name.startswith("{day}") for name in names), names
