"""CI services and tox: what the environment shows of a build, and what each service reads in its log and beside it.

A dialect gets texts without secrets and prints nothing itself. The room imports the ground and settings.
"""
