"""A container of ours: what a project holds, pages that converge beside other writers, retention, the upload plan.

The room works through the storage port and prints nothing. It imports pages, storage and artifacts.
"""
