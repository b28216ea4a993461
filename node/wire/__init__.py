"""Protocol between nodes: frames, an authenticated and encrypted channel, peers, synchronisation."""
