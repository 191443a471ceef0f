"""The command line: tasks made of the table of settings, the terminal, and the place where errors become exits.

Only this room reads the environment and prints. Every `inv` of a host project imports it, so what is heavy is imported
within functions.
"""
