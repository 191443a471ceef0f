"""Where artifacts are fetched from: index pages, listings of buckets, folders and containers; and the fetch plan.

A source offers candidates and yields their bytes. The room imports container, pages, storage and artifacts.
"""
