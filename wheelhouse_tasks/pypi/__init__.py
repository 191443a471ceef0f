"""What PyPI and its like accept of a release: rules as data, each with its place in PyPI's source.

`acceptance` judges the files of a release without asking the package index, by the rules in `archive`, `core_metadata`,
`platforms` and `meaning`; `shown` is what an index shows of a project already. The room prints nothing. It imports
artifacts and pages.
"""
