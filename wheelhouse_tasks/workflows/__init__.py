"""Workflows of CI services: a template for each, and what is filled in.

Pure: what a project's settings come to in a workflow is found out by the command.
"""
