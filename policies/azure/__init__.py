"""Rules about Azure resources, one module per subject."""
