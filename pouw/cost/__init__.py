"""The monthly cost of a plan, from a table of list prices that is part of the repository."""
