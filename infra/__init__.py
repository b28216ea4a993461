"""What exists: component resources, the settings they are made from, and the pure decisions between the two."""
