"""The chargers of a site: which there are, what is sent to them, what happens at them, and who may connect."""
