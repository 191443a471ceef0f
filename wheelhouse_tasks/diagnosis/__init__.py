"""What `doctor` finds out: checks of a container, of its public address and of installers, each a function.

A check returns findings and prints nothing. The room imports container, sources, pages, storage and settings.
"""
