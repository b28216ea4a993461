"""Rules about resources of AWS, one module a subject."""
