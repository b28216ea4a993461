"""The running network seen from outside: its nodes, their agreement, its endpoints and its tasks."""
