"""OCPP-J of any version: frames, the link that carries them, schemas, and limits for unknown clients."""
