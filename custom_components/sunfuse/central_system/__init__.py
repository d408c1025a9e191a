"""How to speak to chargers: OCPP over WebSocket, behind one interface that knows no version."""
