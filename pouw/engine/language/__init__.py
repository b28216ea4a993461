"""The Python language host of the embedded engine, in the role of ``pulumi-language-python`` of an official CLI.

The engine starts a program of that name beside its binary, and reads a port from its first line. It then calls the host
over gRPC to run programs, policy packs and plugins in Python.
"""
