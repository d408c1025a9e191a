"""The certificate authority of a site, in Home Assistant's storage: it signs what its chargers prove themselves with."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from ..central_system import CertificateAuthority
from ..const import DOMAIN

STORAGE_VERSION = 1


def _store(hass: HomeAssistant, entry_id: str) -> Store[dict[str, Any]]:
    # Private: readable by Home Assistant's own user alone.
    return Store(hass, STORAGE_VERSION, f"{DOMAIN}.{entry_id}.authority", private=True)


async def async_authority(
    hass: HomeAssistant, entry_id: str, name: str
) -> CertificateAuthority:
    """Return the authority of a site; it is made when it is needed first and lasts as long as the site."""
    store = _store(hass, entry_id)
    if (stored := await store.async_load()) is not None:
        return CertificateAuthority(
            certificate=stored["certificate"], key=stored["key"]
        )
    authority = await hass.async_add_executor_job(
        CertificateAuthority.new, f"Sunfuse {name}", dt_util.utcnow()
    )
    await store.async_save({"certificate": authority.certificate, "key": authority.key})
    return authority


async def async_remove_authority(hass: HomeAssistant, entry_id: str) -> None:
    """Forget the authority, when the site is removed."""
    await _store(hass, entry_id).async_remove()
