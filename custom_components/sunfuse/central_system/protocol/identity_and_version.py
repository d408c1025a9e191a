"""What a charger states before it speaks OCPP: its identity and its versions."""

from urllib.parse import unquote

# Newest first. A station that offers no sub-protocol gets 1.6.
VERSIONS = {"ocpp2.1": "2.1", "ocpp2.0.1": "2.0.1", "ocpp1.6": "1.6"}
_DEFAULT = "ocpp1.6"
MAX_IDENTITY = 64


def identity_of(raw_path: str) -> str | None:
    """Return the identity at the end of a URL's path, None if there is no valid one.

    The identity is the last part that is not empty, percent-decoded (OCPP-J 1.6 section 3.1.1).
    """
    parts = [part for part in raw_path.partition("?")[0].split("/") if part]
    if not parts:
        return None
    try:
        identity = unquote(parts[-1], errors="strict").strip()
    except UnicodeDecodeError:
        return None
    if not identity or len(identity) > MAX_IDENTITY or not identity.isprintable():
        return None
    return identity


def negotiate(offered: str) -> tuple[str | None, str | None]:
    """Choose the newest sub-protocol of those that a station offers, comma-separated.

    Returns:
        The protocol to speak, None if there is no common one, and how the station spelled it.

    """
    names = [name.strip() for name in offered.split(",") if name.strip()]
    if not names:
        return _DEFAULT, None
    for protocol in VERSIONS:
        for name in names:
            if name.lower() == protocol:
                return protocol, name
    return None, None
