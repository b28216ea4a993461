"""The workloads, which are the same on every cloud."""
