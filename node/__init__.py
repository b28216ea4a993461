"""A Proof-of-Useful-Work node: pure consensus and work inside, effects at the edge."""
