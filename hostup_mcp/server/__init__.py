"""What an assistant sees: tools, their answers, and how a session opens.

Kept empty on purpose: the opening of a stdio session must not wait for an import.
"""
