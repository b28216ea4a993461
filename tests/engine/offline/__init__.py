"""Tests of the offline plugins."""
