"""Rules about Google Cloud resources."""
