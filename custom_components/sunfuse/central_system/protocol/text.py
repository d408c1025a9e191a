"""Texts of stations."""

import re

# CommonMark lets these be escaped; addresses are links by ":", "@" or "www." (GitHub's extension of it).
_MARK = re.compile(r"([\\`*_\[\]()<>{}#!|~&:@]|(?<=www)\.)", re.IGNORECASE)
_MARKUP = re.compile(r"://|www\.|[][()<>{}`*|\\#!~]")


def clean(text: str) -> str:
    """Return a text of the station in a form that can be stored and shown."""
    return text.encode(errors="replace").decode().replace("\0", "").strip()


def escaped(text: str) -> str:
    """Return a text for where Markdown is shown: it reads as it was written, and is neither link nor picture."""
    return _MARK.sub(r"\\\1", " ".join(text.split()))


def plain(text: str) -> str:
    """Return a text without what could be markup: for a name that is shown in many places."""
    return " ".join(_MARKUP.sub(" ", text).split())
