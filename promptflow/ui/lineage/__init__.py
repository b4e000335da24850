"""The Lineage page's parts: one generation as a family tree, its words, its times, its replay."""
