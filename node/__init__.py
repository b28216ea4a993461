"""A Proof-of-Useful-Work node: blocks are earned by training models, and checked by replaying the training."""

from __future__ import annotations

VERSION = "0.1.0"
"""Version that the node reports of itself."""
