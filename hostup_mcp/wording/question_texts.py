"""The sentences of questions to the user, in English. `swedish.questions` has the others.

`{name}` stands for a fact, `{name:format}` for a fact in one of the formats of `questions`.
`{server}` is the server that a question is about, `{text}` somebody else's text, quoted.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum, auto


class Words(StrEnum):
    """A sentence, or a part of one."""

    # What is asked
    RESTORE_BACKUP = auto()
    RESTORE_SNAPSHOT = auto()
    RESTORE_OTHER = auto()
    BUILD_SERVER = auto()
    REHEARSE = auto()
    END_REHEARSAL = auto()
    MAKE_BACKUP = auto()
    DELETE_BACKUP = auto()
    DELETE_SNAPSHOT = auto()
    SET_SCHEDULE = auto()
    TURN_SCHEDULE_OFF = auto()
    SET_RETENTION = auto()
    SHUT_DOWN = auto()
    RESTART = auto()
    SWITCH_OFF = auto()

    # Facts
    LOSES_CHANGES = auto()
    LOSES_UNKNOWN = auto()
    LOSES_EVERYTHING = auto()
    NOTHING_LOST = auto()
    CANNOT_BE_UNDONE = auto()
    LOSES_REHEARSAL = auto()
    CHARGE_END_UNKNOWN = auto()
    DISK_REPLACED = auto()
    POWER_STATE_UNKNOWN = auto()
    SERVER_STOPPED = auto()
    NETWORK_KEPT = auto()
    PRICE = auto()
    PRICE_UNKNOWN = auto()
    PRICES_DIFFER = auto()
    REHEARSAL_PRICE = auto()
    BETTER_TIME = auto()
    TWIN_STARTS = auto()
    NEW_ADDRESS = auto()
    MAY_BE_REFUSED = auto()
    DISK_ROLLED_BACK = auto()
    MEMORY_RESUMED = auto()
    COLD_START = auto()
    NEW_SIZE = auto()
    DEFAULT_REGION = auto()
    SIZE = auto()
    BACKUP_EMPTY = auto()
    BACKUP_SMALL = auto()
    BACKUP_NEW = auto()
    BACKUP_UNCONFIRMED = auto()
    BACKUP_OF_FAILED_JOB = auto()
    ONLY_SNAPSHOT = auto()
    SLOTS_FULL = auto()
    SLOTS_FULL_COUNTED = auto()
    SLOTS_UNKNOWN = auto()
    LIKELIEST = auto()
    LIKELIEST_UNKNOWN = auto()
    LIKELIEST_UNLISTED = auto()
    LAST_COMPLETE = auto()
    NO_MORE_BACKUPS = auto()
    STORED_SCHEDULE = auto()
    STORED_UNCHANGED = auto()
    REPLACED_SCHEDULE = auto()
    CURRENT_SCHEDULE = auto()
    CURRENT_SCHEDULE_UNREADABLE = auto()
    NO_SCHEDULE = auto()
    SCHEDULE_UNKNOWN = auto()
    ZONE_UNKNOWN = auto()
    MAXIMUM = auto()
    AUTO_DELETE_ON = auto()
    AUTO_DELETE_OFF = auto()
    SERVICES_STOP = auto()
    SERVICES_INTERRUPTED = auto()
    LOSES_POWER = auto()
    BUSY = auto()
    COUNT = auto()
    COUNT_UNLISTED = auto()
    COUNT_OTHERS = auto()
    TOO_MANY = auto()
    MAY_BE_TOO_MANY = auto()

    # Parts of sentences
    EVERY_DAY = auto()
    EVERY_WEEK = auto()
    EVERY_MONTH = auto()
    BACKUPS = auto()
    SCHEDULED_BACKUPS = auto()
    NAMED_SERVER = auto()
    SERVER_AT = auto()
    SERVER_SOMEWHERE = auto()
    NO_ADDRESS = auto()
    STATUS_UNKNOWN = auto()

    # What others have written
    SERVER_NAME = auto()
    SOURCE = auto()
    NEW_NAME = auto()
    REGION = auto()
    SNAPSHOT_NAME = auto()
    BACKUP_NOTE = auto()
    LIKELIEST_NOTE = auto()
    NEW_NOTE = auto()
    LABEL = auto()

    # The last lines
    IDS = auto()
    TYPE_THIS = auto()

    # The field of the form
    NAME_TITLE = auto()
    NAME_HELP = auto()
    YES_TITLE = auto()
    YES_HELP = auto()


ENGLISH: Mapping[Words, str] = {
    Words.RESTORE_BACKUP: "Restore {server} to its backup from {made:moment}?",
    Words.RESTORE_SNAPSHOT: "Restore {server} to its snapshot from {made:moment}?",
    Words.RESTORE_OTHER: "Restore {server} from another server's backup of {made:moment}?",
    Words.BUILD_SERVER: "Build a new, paid server ({size:part}) from the backup of {server} from "
    "{made:moment}?",
    Words.REHEARSE: "Rehearse: build a temporary, paid server ({size:part}) from the backup of "
    "{server} from {made:moment}?",
    Words.END_REHEARSAL: "End the rehearsal: cancel {server} at once?",
    Words.MAKE_BACKUP: "Make a backup of {server}, for which HostUp may delete another one?",
    Words.DELETE_BACKUP: "Permanently delete the backup of {server} from {made:moment}?",
    Words.DELETE_SNAPSHOT: "Permanently delete the snapshot of {server} from {made:moment}?",
    Words.SET_SCHEDULE: "Let HostUp back up {server} {when:part}, keeping {count}?",
    Words.TURN_SCHEDULE_OFF: "Turn the automatic backups of {server} OFF?",
    Words.SET_RETENTION: "Change how many backups of {server} HostUp keeps?",
    Words.SHUT_DOWN: "Shut down {server}?",
    Words.RESTART: "Restart {server}?",
    Words.SWITCH_OFF: "Switch off {server}?",
    Words.LOSES_CHANGES: "DATA LOSS: everything written since then, up to {age:span} of changes.",
    Words.LOSES_UNKNOWN: "DATA LOSS: everything written since; its date is not known.",
    Words.LOSES_EVERYTHING: "DATA LOSS: everything on it. It will hold the other server's data.",
    Words.NOTHING_LOST: "The original server stays as it is.",
    Words.LOSES_REHEARSAL: "DATA LOSS: everything that was written on that server.",
    Words.CHARGE_END_UNKNOWN: "HostUp does not document when the hourly charge stops.",
    Words.CANNOT_BE_UNDONE: "This cannot be undone.",
    Words.DISK_REPLACED: "Its disk is replaced; it is down meanwhile.",
    Words.POWER_STATE_UNKNOWN: "HostUp does not say whether it starts the server again.",
    Words.SERVER_STOPPED: "It is stopped and its disk replaced.",
    Words.NETWORK_KEPT: "It keeps its own network settings.",
    Words.PRICE: "While it exists: {hour:money} per hour, {month:money} per month (720 h), before "
    "any VAT, as reported: CPU, memory, disk, IP address; traffic is extra.",
    Words.PRICE_UNKNOWN: "It costs money while it exists. The price is not known: HostUp does not "
    "tell it.",
    Words.REHEARSAL_PRICE: "{two:money} for two hours, {hour:money} per hour until it is ended, "
    "before any VAT, as reported: CPU, memory, disk, IP address; traffic is extra.",
    Words.BETTER_TIME: "Rehearse when that does no harm.",
    Words.PRICES_DIFFER: "It costs money while it exists. The price is not known: HostUp states "
    "both {hour:money} and {other:money} per hour.",
    Words.TWIN_STARTS: "A twin of a live server boots: its scheduled jobs, mail queue and payment "
    "runs may start.",
    Words.NEW_ADDRESS: "It gets an address of its own.",
    Words.MAY_BE_REFUSED: "HostUp may still refuse it.",
    Words.DISK_ROLLED_BACK: "Its disk is rolled back; it is down briefly.",
    Words.MEMORY_RESUMED: "Programs that ran when the snapshot was made go on from there.",
    Words.COLD_START: "It starts as if after a power failure.",
    Words.NEW_SIZE: "{cores} CPU cores, {memory:size} memory, {disk:size} disk",
    Words.DEFAULT_REGION: "Region: HostUp's default.",
    Words.SIZE: "Size: {size:size}.",
    Words.BACKUP_EMPTY: "The backup is 0 GB: it is probably empty or unfinished.",
    Words.BACKUP_SMALL: "The backup is {size:size}, the others about {usual:size}: it may be "
    "incomplete.",
    Words.BACKUP_NEW: "The backup is only minutes old: it may be unfinished.",
    Words.BACKUP_UNCONFIRMED: "The backup may come from a request whose outcome is not known.",
    Words.BACKUP_OF_FAILED_JOB: "The backup may come from a request whose job did not succeed.",
    Words.ONLY_SNAPSHOT: "It is the ONLY snapshot listed.",
    Words.SLOTS_FULL: "All backup slots are in use.",
    Words.SLOTS_FULL_COUNTED: "All backup slots are in use ({used} of {limit}).",
    Words.SLOTS_UNKNOWN: "No backup slot is known to be free.",
    Words.LIKELIEST: "Likeliest to be deleted: the oldest, from {made:moment}; HostUp does not "
    "document which.",
    Words.LIKELIEST_UNKNOWN: "Which one is not known.",
    Words.LIKELIEST_UNLISTED: "Which one is not known; it may be one that is not listed.",
    Words.LAST_COMPLETE: "This may remove the LAST backup that looks complete.",
    Words.NO_MORE_BACKUPS: "HostUp then makes no automatic backups.",
    Words.STORED_SCHEDULE: "Sent with it: {when:part}, keeping {count}.",
    Words.STORED_UNCHANGED: "Now: {when:part}, keeping {count}; this is sent again unchanged, as "
    "HostUp requires.",
    Words.REPLACED_SCHEDULE: "It replaces: {when:part}, keeping {count}.",
    Words.CURRENT_SCHEDULE: "Now: {when:part}, keeping {count}.",
    Words.CURRENT_SCHEDULE_UNREADABLE: "The present schedule cannot be read completely.",
    Words.NO_SCHEDULE: "No schedule is on now.",
    Words.SCHEDULE_UNKNOWN: "Whether a schedule is on now is not known.",
    Words.ZONE_UNKNOWN: "HostUp states no time zone for the hour.",
    Words.MAXIMUM: "New maximum: {count}, of manual and automatic ones.",
    Words.AUTO_DELETE_ON: "HostUp will DELETE the oldest backups automatically, without asking.",
    Words.AUTO_DELETE_OFF: "Automatic deletion of the oldest: off.",
    Words.SERVICES_STOP: "Its services stop until it is started again.",
    Words.SERVICES_INTERRUPTED: "Its services are interrupted meanwhile.",
    Words.LOSES_POWER: "It loses power at once: whatever its programs have not yet written to disk "
    "is LOST, and files may be damaged.",
    Words.BUSY: "HostUp has other work to do on it, perhaps a backup or a restore.",
    Words.COUNT: "{kind:part} now: {count}.",
    Words.COUNT_UNLISTED: "{kind:part} now: {count}, and {unlisted} that are not listed.",
    Words.COUNT_OTHERS: "{kind:part} now: {count}, and others that are not listed.",
    Words.TOO_MANY: "More than are kept: HostUp may DELETE the oldest.",
    Words.MAY_BE_TOO_MANY: "Perhaps more than are kept: HostUp may DELETE the oldest.",
    Words.EVERY_DAY: "daily at {hour:hour}",
    Words.EVERY_WEEK: "weekly on {day:weekday} at {hour:hour}",
    Words.EVERY_MONTH: "monthly on day {day} at {hour:hour}",
    Words.BACKUPS: "Backups",
    Words.SCHEDULED_BACKUPS: "Scheduled backups",
    Words.NAMED_SERVER: "{text} ({address:ip})",
    Words.SERVER_AT: "the server at {address}",
    Words.SERVER_SOMEWHERE: "the server without a known IP",
    Words.NO_ADDRESS: "no IP known",
    Words.STATUS_UNKNOWN: "status unknown",
    Words.SERVER_NAME: "The server's name: {text}.",
    Words.SOURCE: "The other server: {text} ({address:ip}, {status:status}).",
    Words.NEW_NAME: "New name: {text}.",
    Words.REGION: "Region: {text}.",
    Words.SNAPSHOT_NAME: "Name of the snapshot: {text}.",
    Words.BACKUP_NOTE: "Note of that backup: {text}.",
    Words.LIKELIEST_NOTE: "Its note: {text}.",
    Words.NEW_NOTE: "Note of the new backup: {text}.",
    Words.LABEL: "Label of the schedule: {text}.",
    Words.IDS: "IDs: {ids}",
    Words.TYPE_THIS: "To go ahead, type: {to_type}",
    Words.NAME_TITLE: "Server name",
    Words.NAME_HELP: "Type what the question's last line says, to go ahead.",
    Words.YES_TITLE: "Yes, do this",
    Words.YES_HELP: "Leave it off to stop here.",
}
