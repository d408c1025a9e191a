"""Each connector's car: what it asks for, what it takes of its offer, and whether its charger complies."""
