"""The workloads, the same on every cloud."""
