"""Errors as results that a model can act on: kinds, their texts, and where they come from."""
