"""Operate what runs: observe nodes, wait for agreement, bring stacks up and take them away."""
