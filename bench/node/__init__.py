"""What a node costs."""
