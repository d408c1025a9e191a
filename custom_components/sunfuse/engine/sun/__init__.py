"""How much sun there is for cars, who may start on it, and what of it is not used."""
