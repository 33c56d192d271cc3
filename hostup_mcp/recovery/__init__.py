"""What backups, quota and gates mean for a person who wants their server back.

Pure functions from the API's answers to findings: no requests, and no clock but the `now` given.
"""
