"""Wheels and sdists as files: names and tags, metadata, archives, attestations, and the folder they lie in.

The room knows nothing of containers, pages or package indexes. It imports the ground and settings.
"""
