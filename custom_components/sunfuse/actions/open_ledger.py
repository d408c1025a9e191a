"""Lends the ledger of a site to whoever asks for sessions, while the site may be unloaded."""

from collections.abc import Iterator
from contextlib import contextmanager

from homeassistant.core import DOMAIN as HOMEASSISTANT_DOMAIN
from homeassistant.exceptions import ServiceValidationError

from ..const import DOMAIN
from ..data import SunfuseConfigEntry
from ..sessions import LedgerClosedError
from ..site.ledger.ledger import SiteLedger


@contextmanager
def open_ledger(entry: SunfuseConfigEntry) -> Iterator[SiteLedger]:
    """Lend the ledger of a loaded site.

    Raises:
        ServiceValidationError: the site was unloaded meanwhile; as Home Assistant says it of one that is not loaded.

    """
    try:
        yield entry.runtime_data.ledger
    except LedgerClosedError as err:
        raise ServiceValidationError(
            translation_domain=HOMEASSISTANT_DOMAIN,
            translation_key="service_config_entry_not_loaded",
            translation_placeholders={"domain": DOMAIN, "entry_title": entry.title},
        ) from err
