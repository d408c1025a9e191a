"""Constants of the Sunfuse integration."""

from typing import Final

DOMAIN: Final = "sunfuse"
DEFAULT_PORT: Final = 9000
# The version of a config entry. An entry of a higher minor version can be read; one of a higher version cannot.
ENTRY_VERSION: Final = 1
ENTRY_MINOR_VERSION: Final = 4
# The path of the site report inside Home Assistant.
REPORT_PANEL: Final = "sunfuse-report"
# Where an administrator gets the dashboard: a page that makes it and opens it.
SETUP_PANEL: Final = "sunfuse-dashboard"
# The page that a code at a parking space leads to.
DRIVER_PANEL: Final = "sunfuse-driver"
# The days of the week in translation keys, from Monday on as Python counts them.
WEEKDAY_KEYS: Final = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)

# The keys of a site's config entry. `kind` is one of the Kind values below.
CONF_KIND: Final = "kind"
CONF_SYSTEM: Final = "system"
CONF_VOLTAGE: Final = "voltage_v"
CONF_MAIN_FUSE: Final = "main_fuse_a"
CONF_MARGIN: Final = "margin_a"
CONF_MODE: Final = "mode"
# How long sessions are kept.
CONF_FORGET_PERSONS: Final = "forget_persons_months"
CONF_DELETE_SESSIONS: Final = "delete_sessions_months"
CONF_PORT: Final = "port"
CONF_SOURCES: Final = "sources"

KIND_SITE: Final = "site"
KIND_SIMULATED: Final = "simulated"

# The keys of a charger's sub-entry, whose unique id is the charger's OCPP identity.
SUBENTRY_CHARGER: Final = "charger"
CONF_IDENTITY: Final = "identity"
CONF_CIRCUIT: Final = "circuit"
CONF_L1_PHASE: Final = "l1_phase"
CONF_PHASES: Final = "phases"
CONF_CONNECTORS: Final = "connectors"
CONF_MORE_CONNECTORS: Final = "more_connectors"
CONF_MIN_CURRENT: Final = "min_a"
CONF_MAX_CURRENT: Final = "max_a"
CONF_FAIL_SAFE_CURRENT: Final = "fail_safe_a"
# Optional: how a charger proves its identity, and how Sunfuse deals with it.
CONF_SECURITY: Final = "security"
CONF_PASSWORD: Final = "password"
# A charger that has not used its new password yet: its former one, null for none.
CONF_FORMER_PASSWORD: Final = "former_password"
CONF_EXPIRY: Final = "expiry_s"
CONF_RENEW: Final = "renew_s"
CONF_PHASE_SWITCHING: Final = "phase_switching"
CONF_QUIRKS: Final = "quirks"
# Changes of these are applied while the charger stays connected.
LIVE_CHARGER_KEYS: Final = frozenset(
    (
        CONF_CONNECTORS,
        CONF_MORE_CONNECTORS,
        CONF_SECURITY,
        CONF_PASSWORD,
        CONF_FORMER_PASSWORD,
        CONF_EXPIRY,
        CONF_RENEW,
        CONF_PHASE_SWITCHING,
        CONF_QUIRKS,
    )
)

# How a charger proves its identity: the security profiles of OCPP are 0, 1 or (inside TLS) 2, and 3.
SECURITY_OPEN: Final = "open"
SECURITY_PASSWORD: Final = "password"
SECURITY_CERTIFICATE: Final = "certificate"

# A card or equivalent: its sub-entry, whose unique id is derived from its number.
SUBENTRY_CARD: Final = "card"
CONF_CARD_NUMBER: Final = "number"
CONF_CARD_KIND: Final = "kind"
CONF_BLOCKED: Final = "blocked"
CONF_PERSON: Final = "person"  # the sub-entry of whom it belongs to
CARD_RFID: Final = "rfid"
CARD_CONTRACT: Final = "contract"
CARD_VEHICLE: Final = "vehicle"

# A person who charges: their cards refer to their sub-entry.
SUBENTRY_PERSON: Final = "person"
CONF_PERSON_ENTITY: Final = "person_entity"
CONF_PRICE_LIST: Final = "price_list"
CONF_VEHICLES: Final = "vehicles"
CONF_PRIORITY: Final = "priority"
CONF_BOOST_QUOTA_KWH: Final = "boost_quota_kwh"
CONF_VALID_FROM: Final = "valid_from"
CONF_VALID_UNTIL: Final = "valid_until"
CONF_QUOTA_KWH: Final = "quota_kwh"
CONF_QUOTA_OVER: Final = "quota_over"

# What persons, and guests at chargers, are billed.
SUBENTRY_PRICE_LIST: Final = "price_list"
CONF_BASIS: Final = "basis"
CONF_PER_KWH: Final = "per_kwh"
CONF_PER_HOUR: Final = "per_hour"
CONF_PER_SESSION: Final = "per_session"
CONF_SHARE_PERCENT: Final = "share_percent"
CONF_TIMES: Final = "times"
CONF_GUESTS_AT: Final = "guests_at"
# What the migration to persons left to do: whose history becomes whose.
CONF_JOINED_PERSONS: Final = "joined_persons"
CONF_VAT_PERCENT: Final = "vat_percent"
CONF_VAT_INCLUDED: Final = "vat_included"
BASIS_FIXED: Final = "fixed"
BASIS_COST: Final = "cost"

# Who may charge.
CONF_AUTHORIZATION: Final = "authorization"
CONF_ASK_DEFAULT: Final = "ask_default"
CONF_ASK_TIMEOUT: Final = "ask_timeout_s"
AUTHORIZATION_FREE: Final = "free"
AUTHORIZATION_LIST: Final = "list"
AUTHORIZATION_ASK: Final = "ask"
# Chargers give up after 20 s to 60 s; a driver does sooner.
DEFAULT_ASK_TIMEOUT_S: Final = 10.0
# Changes of these are applied while the chargers stay connected.
LIVE_OPTIONS: Final = frozenset(
    (CONF_AUTHORIZATION, CONF_ASK_DEFAULT, CONF_ASK_TIMEOUT)
)

# The certificate of the port that chargers connect to.
CONF_TLS: Final = "tls"
CONF_TLS_CERTIFICATE: Final = "tls_certificate"
CONF_TLS_KEY: Final = "tls_key"
TLS_NONE: Final = "none"
TLS_HOME_ASSISTANT: Final = "home_assistant"
TLS_FILES: Final = "files"

# A live limit expires by itself after two minutes, and is renewed after forty seconds.
DEFAULT_EXPIRY_S: Final = 120
DEFAULT_RENEW_S: Final = 40

# A Modbus device of a site; its data is `sources.modbus.site_devices.DeviceConfig`.
SUBENTRY_MODBUS: Final = "modbus"

MAIN_CIRCUIT: Final = "main"

# The keys of a circuit's sub-entry. The main fuse has those from the assumed load on in its entry or its options. Keys
# of a single phase contain it: `limit_l1_a`, `fixed_l1_a`.
SUBENTRY_CIRCUIT: Final = "circuit"
CONF_PARENT: Final = "parent"
CONF_LIMIT: Final = "limit_a"
CONF_ASSUMED_LOAD: Final = "assumed_load_a"
CONF_TEMPERATURE: Final = "temperature"
CONF_CHARACTERISTIC: Final = "characteristic"
CONF_DERATE_FROM: Final = "derate_from_c"
CONF_DERATE_TO: Final = "derate_to_c"
CONF_DERATE_STOP: Final = "derate_stop_c"
# The largest difference between phases that the cars may cause.
CONF_IMBALANCE: Final = "imbalance_a"
# The names and parents of removed circuits, by their id.
CONF_REMOVED_CIRCUITS: Final = "removed_circuits"

# Sub-entries for the costs of energy and peaks; sources/tariffs reads their data.
SUBENTRY_TARIFF: Final = "tariff"
SUBENTRY_CAPACITY: Final = "capacity_tariff"

# How much faster than real time a simulated site runs.
CONF_SPEED: Final = "speed"

# Kilowatts and kilowatt-hours in forms are watts and watt-hours inside.
W_PER_KW: Final = 1000
WH_PER_KWH: Final = 1000

# The grid connections, and how many conductors of each carry current besides the neutral.
SYSTEM_SINGLE_PHASE: Final = "single_phase"
SYSTEM_SPLIT_PHASE: Final = "split_phase"
SYSTEM_THREE_PHASE: Final = "three_phase"
SITE_PHASES: Final = {
    SYSTEM_SINGLE_PHASE: 1,
    SYSTEM_SPLIT_PHASE: 2,
    SYSTEM_THREE_PHASE: 3,
}

# An older reading of the grid meter says nothing about now. Many inverters are polled every 30 s, and a fuse carries a
# moderate overload for far longer than a minute (IEC 60269-1: 1.25 times its rating for an hour).
CONF_METER_MAX_AGE: Final = "meter_max_age_s"
DEFAULT_METER_MAX_AGE_S: Final = 60.0
DEFAULT_MARGIN_A: Final = 1.0

# Sources of solar forecasts besides the Energy dashboard's, and the panels' nominal power for the first day.
CONF_FORECAST_ENTRIES: Final = "forecast_entries"
CONF_FORECAST_ENTITIES: Final = "forecast_entities"
CONF_SOLAR_PEAK: Final = "solar_peak_kw"

# A vehicle; its cards and ISO 15118 ids are sub-entries of cards, or what was typed.
SUBENTRY_VEHICLE: Final = "vehicle"
CONF_CAPACITY_KWH: Final = "capacity_kwh"
CONF_CHARGE_EFFICIENCY: Final = "charge_efficiency"
CONF_CONSUMPTION: Final = "consumption_kwh_100km"
CONF_IDENTIFIERS: Final = "identifiers"
CONF_USUAL_CONNECTOR: Final = "usual_connector"
CONF_CAR_SOC: Final = "soc"
CONF_CAR_LIMIT: Final = "limit"
CONF_CAR_PLUG: Final = "plug"
