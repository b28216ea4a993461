"""The program of every stack: what each site declares, and the names in its zone."""
