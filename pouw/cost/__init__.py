"""What a plan costs a month, from a table of list prices that is part of the repository."""
