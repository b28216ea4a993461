"""The control side: commands, the embedded engine and cluster, operations and delivery."""
