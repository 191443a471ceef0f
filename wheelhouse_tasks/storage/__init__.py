"""Where objects are kept: the port that every container has, libcloud behind it, and the local folder.

`port` is what the rest of the package uses; no other room imports libcloud. The room imports the ground and settings.
"""
