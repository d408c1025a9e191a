"""Texts of stations."""

import re

# CommonMark allows these to be escaped; ":", "@" and "www." turn addresses into links (GitHub's extension).
_MARK = re.compile(r"([\\`*_\[\]()<>{}#!|~&:@]|(?<=www)\.)", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_MARKUP = re.compile(r"://|www\.|[][()<>{}`*|\\#!~]")


def clean(text: str) -> str:
    """Return a text of the station in a form that can be stored and shown."""
    return _CONTROL.sub("", text.encode(errors="replace").decode()).strip()


def escaped(text: str) -> str:
    """Return a text for use in Markdown: it reads as it was written, and contains neither link nor image."""
    return _MARK.sub(r"\\\1", " ".join(text.split()))


def plain(text: str) -> str:
    """Return a text without anything that could be markup: for a name that is shown in many places."""
    return " ".join(_MARKUP.sub(" ", text).split())
