"""The package index that a release goes to: what it accepts, what it shows, twine, and the release plan.

What an index accepts is found out without asking it. The room imports sources, pages and artifacts.
"""
