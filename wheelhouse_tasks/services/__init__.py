"""What CI services read in the log of a build and beside it: a dialect for each, and the choice between them.

A dialect gets texts without secrets and prints nothing itself. The room imports the ground and settings.
"""
