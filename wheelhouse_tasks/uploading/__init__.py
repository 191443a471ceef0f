"""What an upload does: whether it may, what it finds, its plan, its work, and what it tells of the container.

The command puts the steps together. The room imports container, sources, pypi and services, and prints through the Ui.
"""
