"""How a stdio session opens and runs.

Kept empty on purpose: the opening must not wait for an import.
"""
