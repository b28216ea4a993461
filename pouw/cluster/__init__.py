"""The embedded Kubernetes: real components, one machine."""
