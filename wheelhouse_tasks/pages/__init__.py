"""Pages as pure functions: HTML, JSON and the flat page are rendered and read; no page is fetched or stored here.

`links` reads the pages of any maker, the others those of ours. The room imports the ground and artifacts.
"""
