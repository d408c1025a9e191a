"""What an export of sessions needs besides them, whether an action, a download or a card asks for it."""

from collections.abc import Mapping

from homeassistant.util import dt as dt_util

from ...sessions import ExportContext, GroupBy

_COLUMN = "column_"


def export_context(
    *,
    site: str,
    currency: str,
    names: Mapping[GroupBy, Mapping[str, str]],
    sentences: Mapping[str, str],
    language: str,
) -> ExportContext:
    """Return the context of an export from the site of this name; `sentences` are in the reader's language."""
    return ExportContext(
        site=site,
        currency=currency,
        tz=dt_util.get_default_time_zone(),
        language=language,
        persons=names[GroupBy.PERSON],
        vehicles=names[GroupBy.VEHICLE],
        chargers=names[GroupBy.STATION],
        heads={
            key.removeprefix(_COLUMN): text
            for key, text in sentences.items()
            if key.startswith(_COLUMN)
        },
    )
