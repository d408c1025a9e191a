"""The certificate authority of a site, in Home Assistant's storage: it signs the certificates of its chargers."""

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ...central_system import CertificateAuthority
from ..storage_file import StorageFile


def _store(hass: HomeAssistant, entry_id: str) -> StorageFile:
    # Private: readable only by Home Assistant's own user.
    return StorageFile(hass, entry_id, "authority", every_s=0, private=True)


async def async_authority(
    hass: HomeAssistant, entry_id: str, name: str
) -> CertificateAuthority:
    """Return the authority of a site; it is created when first needed and lasts as long as the site."""
    store = _store(hass, entry_id)
    stored = await store.async_load()
    found = stored.fields_of(CertificateAuthority)
    if found.keys() == {"certificate", "key"}:
        authority = CertificateAuthority(**found)
        if await hass.async_add_executor_job(authority.is_usable):
            return authority
    if stored:
        stored.note("*")
    authority = await hass.async_add_executor_job(
        CertificateAuthority.new, f"Sunfuse {name}", dt_util.utcnow()
    )
    await store.async_save_now(
        {"certificate": authority.certificate, "key": authority.key}
    )
    return authority


async def async_remove_authority(hass: HomeAssistant, entry_id: str) -> None:
    """Forget the authority, when the site is removed."""
    await _store(hass, entry_id).async_remove()
