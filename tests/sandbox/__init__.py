"""The sandbox account keeps the documented contract."""
