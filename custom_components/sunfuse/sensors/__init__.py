"""What each kind of sensor shows: of the site, of its chargers, of the simulated house."""
