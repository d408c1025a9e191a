"""A site that is not there: sun, house, battery, cars, chargers."""
