"""Adapters to models, one file a provider."""
