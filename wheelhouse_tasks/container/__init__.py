"""A container of ours: what a project holds, pages that converge beside other writers, retention.

`project` names a project; `looked` is one whose pages and listing were read; `root` is what shows all projects;
`survey` reads a container before it is filled; `converge` brings its pages up to date.
The room works through the storage port and prints nothing. It imports pages, people, storage and artifacts.
"""
