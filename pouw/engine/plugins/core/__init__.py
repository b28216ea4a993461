"""Parts of every provider plugin: its process, property values, structural changes, faults, SDK types."""
