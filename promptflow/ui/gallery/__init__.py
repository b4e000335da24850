"""The Gallery page's parts: its address, filters, cards, the picture looked at, and what is chosen."""
