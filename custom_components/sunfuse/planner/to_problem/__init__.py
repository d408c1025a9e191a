"""From what is expected at a site to a problem: its cars, its tariff, and what is assumed."""
