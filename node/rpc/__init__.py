"""Interface to clients: JSON-RPC over HTTP and WebSocket, health and metrics."""
