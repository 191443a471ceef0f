"""The commands, a module each: they gather facts, make a plan and apply it, and return what they did.

They are plain functions of `Settings`, for the tasks and for Python. The room imports every room but the command line.
"""
