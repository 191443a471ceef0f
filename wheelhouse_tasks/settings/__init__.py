"""What one run works with: the table of settings, the levels that set them, locations and credentials.

`resolve` makes one frozen value of flags, environment and files; nothing below reads the environment. The room imports
only the ground: errors, names, secrets, text.
"""
