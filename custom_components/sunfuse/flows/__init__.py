"""The forms by which users set up a site and what belongs to it."""
