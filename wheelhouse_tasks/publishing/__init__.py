"""How a release gets to a package index: its files, their proof, the plan, twine, and the look at the index afterwards.

The room imports pypi, sources, artifacts and settings.
"""
