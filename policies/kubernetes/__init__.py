"""Rules about Kubernetes objects, one module per subject."""
