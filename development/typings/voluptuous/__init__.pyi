# Home Assistant serves probatio under the name voluptuous (homeassistant/__init__.py). mypy would find the real
# package, which some dependency still installs, and take its schemas for another type.
from probatio import *
