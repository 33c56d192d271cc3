"""Findings in words: for a model, and for a user.

`catalog` has the text of each code, `render` puts the facts in, `formats` writes moments, spans,
sizes and prices. No program reads a sentence back: those get the codes and facts.
"""
