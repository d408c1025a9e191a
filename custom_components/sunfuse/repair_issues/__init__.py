"""Problems that a person should look into: which there are, and what solves them."""
