"""Pages as pure functions: they render and read HTML and JSON; they fetch and store nothing.

`links`, `html_links` and `link` read the pages of any maker; the other modules render and read the pages of a
wheelhouse. The room imports the ground and artifacts.
"""
