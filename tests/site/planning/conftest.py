"""The site of the tests of plans."""

from ...planned_site import site

__all__ = ["site"]
