"""The settings of one run: their table, the levels that set them, locations and credentials.

`resolve` makes one frozen value of flags, environment and files; nothing below reads the environment. The room imports
only the ground: errors, names, secrets, text.
"""
