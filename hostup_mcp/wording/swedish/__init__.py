"""What users read in Swedish; the English texts beside it say the same.

`scripts/translations.py` prints both, side by side. Words used throughout: backup (backupen,
backuper), snapshot, återställa, server, schema, backupplats, API-nyckel, behörighet; the user is
addressed as "du".
"""
