"""Rules about Google Cloud resources, one module per subject."""
