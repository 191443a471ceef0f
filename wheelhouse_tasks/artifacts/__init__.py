"""Wheels and sdists as files: names and tags, metadata, archives, stamps, attestations, and the folder they lie in.

The room knows nothing of containers, pages or indexes. It imports the ground and settings.
"""
