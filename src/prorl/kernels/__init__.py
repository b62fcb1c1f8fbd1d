"""Compiled kernels for the CPU: what a tensor library would do in many passes, done in one.

Each has a plain equivalent in PyTorch, which serves where no C++ compiler is found (`library()` is None then) and
which the tests hold it against. `source/` is compiled once a machine.
"""
