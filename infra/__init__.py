"""The infrastructure: component resources, their settings, and the pure decisions between the two."""
