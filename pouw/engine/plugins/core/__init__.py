"""What every provider plugin needs: serving, property values, structural changes, faults, SDK types."""
