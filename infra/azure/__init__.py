"""A site on Azure."""
