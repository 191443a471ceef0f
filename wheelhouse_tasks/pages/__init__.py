"""Pages as pure functions: they render and read HTML, JSON and the flat page; they fetch and store nothing.

`links`, `html_links` and `link` read the pages of any maker; the other modules render and read the pages of a
wheelhouse. The room imports the ground and artifacts.
"""
