"""What clients ask a node: JSON-RPC over HTTP and WebSocket, health and metrics."""
