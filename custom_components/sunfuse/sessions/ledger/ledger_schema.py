"""The tables of the ledger, and how a file of an earlier version becomes one of today (`PRAGMA user_version`).

Times are milliseconds since 1970 (UTC), energies Wh. What chargers and the site reported is in `part`, `quarter`,
`pause`, `signed_value` and `site_quarter`; `session` is made of these, and could be made anew from them.
"""

import sqlite3

_PARTS = """
CREATE TABLE session (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    station TEXT NOT NULL,
    id TEXT NOT NULL,
    connector INTEGER,
    vehicle TEXT,
    person TEXT,
    card TEXT,
    plugged_at INTEGER,
    started_at INTEGER,
    stopped_at INTEGER,
    unplugged_at INTEGER,
    meter_start_wh REAL,
    meter_end_wh REAL,
    energy_wh REAL NOT NULL DEFAULT 0,
    sun_wh REAL NOT NULL DEFAULT 0,
    battery_wh REAL NOT NULL DEFAULT 0,
    grid_wh REAL NOT NULL DEFAULT 0,
    estimated_wh REAL NOT NULL DEFAULT 0,
    peak_w REAL,
    full_power_w REAL,
    grid_cost REAL NOT NULL DEFAULT 0,
    feed_in_lost REAL NOT NULL DEFAULT 0,
    priced_wh REAL NOT NULL DEFAULT 0,
    currency TEXT,
    at_once_cost REAL,
    at_once_sun_wh REAL,
    billed REAL,
    price_list TEXT,
    end_reason TEXT,
    offline INTEGER NOT NULL DEFAULT 0,
    parts INTEGER NOT NULL DEFAULT 1,
    -- Its comparison with charging at once is out of date.
    compare INTEGER NOT NULL DEFAULT 1,
    UNIQUE (station, id)
);
CREATE INDEX session_stopped ON session (stopped_at, station);
CREATE INDEX session_connector ON session (station, connector, stopped_at);
CREATE INDEX session_started ON session (started_at);
CREATE INDEX session_person ON session (person, stopped_at);
CREATE INDEX session_vehicle ON session (vehicle, stopped_at);
CREATE INDEX session_compare ON session (compare) WHERE compare = 1;
CREATE TABLE part (
    station TEXT NOT NULL,
    id TEXT NOT NULL,
    session INTEGER NOT NULL,
    connector INTEGER,
    continues TEXT,
    plugged_at INTEGER,
    heard_start_at INTEGER,
    stated_start_at INTEGER,
    noticed_stop_at INTEGER,
    stated_stop_at INTEGER,
    unplugged_at INTEGER,
    meter_start_wh REAL,
    meter_end_wh REAL,
    counted_wh REAL,
    stated_wh REAL,
    peak_w REAL,
    offline INTEGER,
    end_reason TEXT,
    card TEXT,
    person TEXT,
    person_at INTEGER,
    vehicle TEXT,
    vehicle_at INTEGER,
    full_power_w REAL,
    PRIMARY KEY (station, id)
) WITHOUT ROWID;
CREATE INDEX part_session ON part (session);
CREATE INDEX part_running ON part (station, id)
    WHERE stated_stop_at IS NULL AND noticed_stop_at IS NULL;
CREATE INDEX part_continues ON part (station, continues) WHERE continues IS NOT NULL;
CREATE TABLE quarter (
    station TEXT NOT NULL,
    id TEXT NOT NULL,
    start INTEGER NOT NULL,
    energy_wh REAL NOT NULL DEFAULT 0,
    sun_wh REAL NOT NULL DEFAULT 0,
    battery_wh REAL NOT NULL DEFAULT 0,
    seconds REAL NOT NULL DEFAULT 0,
    peak_w REAL NOT NULL DEFAULT 0,
    filled_wh REAL NOT NULL DEFAULT 0,
    filled_sun_wh REAL NOT NULL DEFAULT 0,
    filled_battery_wh REAL NOT NULL DEFAULT 0,
    PRIMARY KEY (station, id, start)
) WITHOUT ROWID;
CREATE INDEX quarter_start ON quarter (start);
CREATE TABLE pause (
    station TEXT NOT NULL,
    id TEXT NOT NULL,
    reason TEXT NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    seconds REAL NOT NULL,
    times INTEGER NOT NULL,
    PRIMARY KEY (station, id, reason)
) WITHOUT ROWID;
CREATE TABLE signed_value (
    station TEXT NOT NULL,
    id TEXT NOT NULL,
    at INTEGER NOT NULL,
    context TEXT NOT NULL,
    encoding TEXT NOT NULL,
    data TEXT NOT NULL,
    method TEXT NOT NULL,
    public_key TEXT NOT NULL,
    PRIMARY KEY (station, id, at, context, data)
) WITHOUT ROWID;
CREATE TABLE site_quarter (
    start INTEGER PRIMARY KEY,
    seconds REAL NOT NULL,
    solar_wh REAL NOT NULL,
    house_wh REAL NOT NULL,
    cars_wh REAL NOT NULL,
    import_wh REAL NOT NULL,
    export_wh REAL NOT NULL,
    battery_out_wh REAL NOT NULL,
    battery_in_wh REAL NOT NULL,
    import_price REAL,
    export_price REAL,
    currency TEXT,
    carbon_g REAL
);
-- Since when a car is plugged in, and its last transaction.
CREATE TABLE plug (
    station TEXT NOT NULL,
    connector INTEGER NOT NULL,
    plugged_at INTEGER NOT NULL,
    last TEXT,
    PRIMARY KEY (station, connector)
) WITHOUT ROWID;
-- What persons, vehicles and chargers are called, also once they are gone.
CREATE TABLE name (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;
-- What sessions that were deleted had in all: sums that only rise go on from it.
CREATE TABLE carried (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    energy_wh REAL NOT NULL,
    cost REAL NOT NULL,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;
"""

_PRICE_LISTS = """
-- Price lists as they were: a changed one is another row.
CREATE TABLE price_list (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    terms TEXT NOT NULL UNIQUE
);
-- Since when a person, or guests at a charger (`station`), have a price list; NULL: since when they have none.
CREATE TABLE billing (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    since INTEGER NOT NULL,
    price_list INTEGER,
    PRIMARY KEY (kind, id, since)
) WITHOUT ROWID;
ALTER TABLE session ADD COLUMN billed_currency TEXT;
ALTER TABLE session ADD COLUMN terms INTEGER;
"""

_VAT = """
-- The value-added tax in what is billed, and its rate; NULL: it is not separated.
ALTER TABLE session ADD COLUMN billed_vat REAL;
ALTER TABLE session ADD COLUMN vat_percent REAL;
"""

_JOINED = """
-- How many parts a session had when its person became another one: while it has no more, its bill stays.
ALTER TABLE session ADD COLUMN billed_parts INTEGER;
"""

_CORRECTIONS = """
-- When `stated_wh` was corrected: the last correction counts.
ALTER TABLE part ADD COLUMN corrected_at INTEGER;
"""

# The scripts that lead from each version to the next one.
MIGRATIONS: tuple[str, ...] = (
    _PARTS,
    _PRICE_LISTS,
    _VAT,
    _JOINED,
    _CORRECTIONS,
)


class NewerLedgerError(Exception):
    """A ledger that a later version of Sunfuse wrote."""


def migrate_ledger(connection: sqlite3.Connection) -> None:
    """Bring a ledger up to date; a power cut leaves the version of before or the one after.

    Raises:
        NewerLedgerError: a later version wrote it.

    """
    [version] = connection.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise NewerLedgerError(f"version {version}, known are {len(MIGRATIONS)}")
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        # One script is one transaction: SQLite's version is part of it.
        connection.executescript(
            f"BEGIN IMMEDIATE; {script}; PRAGMA user_version = {number}; COMMIT;"
        )
