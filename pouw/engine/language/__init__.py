"""The Python language host of the embedded engine: what ``pulumi-language-python`` is beside an official CLI.

The engine starts it as a program of that name beside its own binary, reads a port from its first line and asks it, over
gRPC, to run programs, policy packs and plugins that are written in Python.
"""
