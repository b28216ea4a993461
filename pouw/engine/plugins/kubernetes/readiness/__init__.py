"""Waiting until objects are what they were asked to be: one module a kind says what that means, one loop waits."""
