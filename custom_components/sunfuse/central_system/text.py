"""Texts of stations."""


def clean(text: str) -> str:
    """Return a text of the station in a form that can be stored and shown."""
    return text.encode(errors="replace").decode().replace("\0", "").strip()
