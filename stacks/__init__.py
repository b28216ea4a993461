"""The program of every stack: the target of each site, its workloads, the names in its zone."""
