"""What nodes say to each other: frames, an authenticated and encrypted channel, peers, and catching up."""
