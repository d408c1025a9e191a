"""The forms of tariffs and capacity tariffs."""
