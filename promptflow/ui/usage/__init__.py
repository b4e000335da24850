"""The Usage page's parts: its address, the month and its limits, sums, charts and times."""
