"""What users read in Swedish; the English texts beside it say the same.

`scripts/translations.py` prints both, side by side. Words used throughout: backup (backupen,
backuper), snapshot (snapshoten, snapshots), återställa, övning (rehearsal), schema,
backupplats, spärrad (suspended), timdebiterad (pay-as-you-go), API-nyckel, behörighet (scope). The
user is addressed as "du"; what somebody else wrote stands in ”…”.
"""
