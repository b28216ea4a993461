"""A site on Google Cloud."""
