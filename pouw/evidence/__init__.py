"""What is kept of a run so that somebody else can believe it: a signed chain of JSON lines."""
