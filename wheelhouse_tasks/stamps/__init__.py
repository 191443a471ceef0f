"""Versions for development builds that no other build has: which need one, the time of a checkout, files written anew.

The room knows nothing of containers, pages or package indexes. It imports the ground, settings and artifacts.
"""
