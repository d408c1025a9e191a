"""The language of who fills in a form: notes in it are written here, and a flow does not know its reader."""

from collections.abc import Mapping

from homeassistant.components.frontend.storage import async_user_store
from homeassistant.components.http import KEY_HASS_USER
from homeassistant.core import HomeAssistant
from homeassistant.generated.languages import DEFAULT_LANGUAGE, LANGUAGES
from homeassistant.helpers.http import current_request

from ..translated_reasons import DECIMAL_SIGN, async_load_sentences

# A language of its own has no other's texts: es-419 is not es, but es-MX is.
_PAGES = {language.lower(): language for language in LANGUAGES} | {"zh": "zh-Hant"}


async def async_readers_language(hass: HomeAssistant) -> str:
    """Return the language that the reader chose in their profile, else that of their browser, as Home Assistant's pages do.

    Without a reader it is that of this Home Assistant.
    """
    request = current_request.get()
    if request is None:
        return hass.config.language
    if (user := request.get(KEY_HASS_USER)) is not None:
        chosen = (await async_user_store(hass, user.id)).data.get("language")
        if isinstance(chosen, dict) and (language := chosen.get("language")):
            return str(language)
    asked = request.headers.get("Accept-Language", "")
    return language_of_pages(asked) if asked else hass.config.language


def language_of_pages(asked: str) -> str:
    """Return the first language of a browser's list in which Home Assistant has pages, English if there is none."""
    for part in asked.lower().split(","):
        language = part.partition(";")[0].strip()
        for name in (language, language.partition("-")[0]):
            if name in _PAGES:
                return _PAGES[name]
    return DEFAULT_LANGUAGE


async def async_readers_sentences(hass: HomeAssistant) -> Mapping[str, str]:
    """Return the sentences in the language of the reader."""
    return await async_load_sentences(hass, await async_readers_language(hass))


def written(value: float, digits: int, sentences: Mapping[str, str]) -> str:
    """Return a number as the language of the sentences writes it."""
    return f"{value:.{digits}f}".replace(".", sentences[DECIMAL_SIGN])
