"""Measurements and long checks; none of it is part of the product."""
