"""The useful work: fixed-point training, its commitments, its proof and the replay that checks it. Pure."""
