"""Rules about AWS resources, one module per subject."""
