"""OCPP-J of any version: frames, the link that carries them, schemas, and what bounds a stranger."""
