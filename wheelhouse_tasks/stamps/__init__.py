"""Versions of development builds that no other build has: who needs one, the time of a checkout, files written anew.

The room knows nothing of containers, pages or package indexes. It imports the ground, settings and artifacts.
"""
