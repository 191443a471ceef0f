"""The page for people, which installers read too: versions as tables, a legend, and the flat page that holds them.

Everything here is a pure function of files. The room imports the ground, artifacts and pages.
"""
