"""The Kubernetes resource provider: what the official one does, for machines that cannot have it."""
