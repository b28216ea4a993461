"""The Pulumi engine, also for machines that have none: which one to use, how to build it, its plugins."""
