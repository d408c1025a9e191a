"""The form of how long sessions are kept."""

import voluptuous as vol

from ...const import CONF_DELETE_SESSIONS, CONF_FORGET_PERSONS
from ..form_fields import number

# A lifetime of bills.
_MOST_MONTHS = 600
PRIVACY = vol.Schema(
    {
        vol.Optional(CONF_FORGET_PERSONS): number(None, low=1, high=_MOST_MONTHS),
        vol.Optional(CONF_DELETE_SESSIONS): number(None, low=1, high=_MOST_MONTHS),
    }
)
