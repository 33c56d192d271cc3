"""The text of each finding, in English, once for a model and once for a user.

`{name}` stands for a fact, `{name:format}` for a fact in one of the formats of `render`. A model
gets ids and names of tools, and UTC beside each date. The words of the recovery panel are
generated from here: run `python panel/words.py` after a change.
"""

from __future__ import annotations

from collections.abc import Mapping

from hostup_mcp.recovery.codes import Code
from hostup_mcp.wording.evidence import EVIDENCE
from hostup_mcp.wording.health_texts import HEALTH
from hostup_mcp.wording.here import HERE
from hostup_mcp.wording.suggestions import SUGGESTIONS
from hostup_mcp.wording.text import Text
from hostup_mcp.wording.text import both as _both

_SAID = Text("{said}", "HostUp says: “{said}”")
_FULL = "By HostUp's numbers, all backup slots are in use"
_NOT_FREE = "No backup slot is known to be free"
_CLOCK = "This machine's clock is {by:span}"
_LOST = "Everything on this {} would be lost."


def _restored(text: str) -> Text:
    return Text(text.format("VPS"), text.format("server"))


TEXTS: Mapping[Code, Text] = {
    # Reasons
    Code.GATE_OPEN: _both("HostUp allows it."),
    Code.GATE_OPEN_REMARK: _SAID,
    Code.GATE_CLOSED: _both("HostUp does not allow this and gave no reason."),
    Code.GATE_CLOSED_CODE: Text(
        "HostUp does not allow this and gave no reason, only the code {hostup_code:quoted}.",
        "HostUp does not allow this and gave no reason, only the code “{hostup_code}”.",
    ),
    Code.GATE_CLOSED_REASON: _SAID,
    Code.GATE_MISSING: Text(
        "HostUp's response does not say whether this is allowed ({gate} is missing or cannot "
        "be read).",
        "HostUp does not say whether it allows this.",
    ),
    Code.QUOTA_READS_FULL: _both(f"{_FULL}: HostUp may remove a backup to make room for another."),
    Code.QUOTA_UNKNOWN: _both(f"{_NOT_FREE}: HostUp may remove a backup to make room for another."),
    Code.WOULD_EVICT: Text(
        "The likeliest is the oldest, {backup_id} from {created:moment}.",
        "The likeliest is the oldest, from {created:moment}.",
    ),
    Code.WOULD_EVICT_NOTED: Text(
        "The likeliest is the oldest, {backup_id} from {created:moment}, note {note:quoted}.",
        "The likeliest is the oldest, from {created:moment}, with the note “{note}”.",
    ),
    Code.BACKUPS_HIDDEN: Text(
        "There are more backups ({counted}) than can be listed ({listed}): some may be unfinished, "
        "unreadable or hidden from this key.",
        "There are more backups ({counted}) than can be listed ({listed}): some may be unfinished, "
        "unreadable or hidden from this API key.",
    ),
    Code.BACKUPS_INCOMPLETE: _both(
        "HostUp says that it has more backups than it lists ({listed}), and gives no way to "
        "request them."
    ),
    Code.EVICTS_HIDDEN: _both("It may be one that is not listed here."),
    Code.NO_BACKUPS: Text(
        "This VPS has no backup to restore.", "This server has no backup to restore."
    ),
    Code.BACKUP_MISSING: _both("HostUp does not list this backup; it may have been removed."),
    Code.NO_SNAPSHOTS: Text(
        "This VPS cannot have snapshots.", "This server cannot have snapshots."
    ),
    Code.NO_SNAPSHOTS_REASON: _SAID,
    Code.SNAPSHOT_MISSING: _both(
        "HostUp does not list this snapshot; snapshots last about 24 hours."
    ),
    Code.SNAPSHOT_EXPIRED: Text(
        "This snapshot was due to be removed at {expired:moment}; it may be gone at any moment.",
        "This snapshot was due to be removed on {expired:moment}; it may be gone at any moment.",
    ),
    Code.MAY_NOT_FIT: Text(
        "The backup is {backup_gb:size} and the disk of this VPS {disk_gb:size}: it may not fit.",
        "The backup is {backup_gb:size} and this server's disk {disk_gb:size}: it may not fit.",
    ),
    Code.SIZE_MISSING: Text(
        "HostUp does not say how large the backup or the disk of this VPS is, so it may not fit.",
        "HostUp does not say how large the backup or this server's disk is, so it may not fit.",
    ),
    Code.ACCOUNT_BLOCKED: _both("HostUp does not let this account have a new server."),
    Code.ACCOUNT_BLOCKED_REASON: _SAID,
    Code.ACCOUNT_CONTRADICTION: _both(
        "HostUp allows a new server, and also says that something is in the way of one."
    ),
    Code.ACCOUNT_NOT_VERIFIED: _both("The account is not verified."),
    Code.NO_CLOUD_ACCESS: _both("Cloud VPS is not enabled for this account."),
    Code.NO_CARD: _both("The account has no payment card."),
    Code.CPU_LIMIT: _both("The account's limit of CPU cores is reached."),
    Code.MEMORY_LIMIT: _both("The account's limit of memory is reached."),
    Code.STORAGE_LIMIT: _both("The account's limit of storage is reached."),
    Code.SERVER_LIMIT: _both("The account's limit of pay-as-you-go servers is reached."),
    Code.UNPAID_INVOICE: _both("An invoice is unpaid."),
    Code.OTHER_BLOCKER: Text(
        "HostUp names something in the way: {word:quoted}.",
        "HostUp names something in the way: “{word}”.",
    ),
    Code.ABOVE_LIMIT: _both(
        "The new server needs {wanted} {of:finding}; the account's limit leaves {left}."
    ),
    Code.TOO_LARGE: _both("HostUp allows at most {most} {of:finding}, not {wanted}."),
    Code.TOO_SMALL: _both("HostUp needs at least {least} {of:finding}, not {wanted}."),
    Code.NEW_DISK_SMALL: _both(
        "The backup is {backup_gb:size} and the new server's disk {disk_gb:size}: it may not fit."
    ),
    Code.NEW_SIZE_UNKNOWN: Text(
        "HostUp does not state the size of this server, so the new one's must be given: {missing}.",
        "HostUp does not state the size of this server, so the new one's must be given.",
    ),
    Code.REGION_UNKNOWN: Text(
        "HostUp does not list the region {region:quoted}; it lists {listed:quoted}.",
        "HostUp does not list the region “{region}”; it lists “{listed}”.",
    ),
    # What is counted
    Code.CPU_CORES: _both("CPU cores"),
    Code.GB_OF_MEMORY: _both("GB of memory"),
    Code.GB_OF_STORAGE: _both("GB of storage"),
    Code.CLOUD_SERVERS: _both("pay-as-you-go server"),
    # Advice
    Code.DATES_UNKNOWN: _both(
        "Some backups have no known date: they are listed last, and may be newer than the others."
    ),
    Code.DATES_IN_FUTURE: _both(
        "Some backups are dated in the future: they are listed last, and may be newer or older "
        "than the others."
    ),
    Code.NO_RECENT_BACKUP: _both("No complete backup is known to be from the last 24 hours."),
    Code.RESTORED_SINCE: _restored(
        "This {} was restored on {{at:moment}}, {{ago:span}} ago, as HostUp reports: only what "
        "was written since then would be lost."
    ),
    Code.RESTORE_SENT_SINCE: _restored(
        "A restore of this {} was sent on {{at:moment}}, {{ago:span}} ago; how it ended is not "
        "known. If it succeeded, only what was written since then would be lost."
    ),
    Code.RESTORE_FAILED_SINCE: _restored(
        "A restore of this {} that was sent on {{at:moment}}, {{ago:span}} ago, did not succeed: "
        "what its disk holds now is not known."
    ),
    Code.WRITE_UNSETTLED: Text(
        "A change to this VPS was sent at {sent:moment}, and its outcome is not known: do not send "
        "it again before {until:moment}. get_job with writeId {write_id} says what is known.",
        "A change to this server was sent on {sent:moment}, and its outcome is not known: do not "
        "repeat it before {until:moment}.",
    ),
    Code.NO_COMPLETE_BACKUP: _both("Every listed backup may be incomplete."),
    Code.CLOCK_BEHIND: _both(f"{_CLOCK} behind HostUp's; ages are by HostUp's clock."),
    Code.CLOCK_AHEAD: _both(f"{_CLOCK} ahead of HostUp's; ages are by HostUp's clock."),
    # Why a backup may be incomplete
    Code.BACKUP_EMPTY: _both("This backup is 0 GB: it is probably empty or unfinished."),
    Code.BACKUP_SMALL: _both(
        "This backup is {size_gb:size} and the others about {usual_gb:size}: it may be incomplete."
    ),
    Code.BACKUP_NEW: _both(
        "This backup is under 15 minutes old: HostUp does not say whether a backup is finished."
    ),
    # What is known of the request that a backup may come from
    Code.BACKUP_UNCONFIRMED: _both(
        "This backup may come from the request of {sent:moment}, whose outcome is not known."
    ),
    Code.BACKUP_OF_FAILED_JOB: _both(
        "This backup may come from the request of {sent:moment}, whose job did not succeed."
    ),
    # Data loss
    Code.CHANGES: _both(
        "Everything written since {since:moment} would be lost, up to {age:span} of changes."
    ),
    Code.CHANGES_FEW: _both(
        "It was made {age:span} ago: only what was written since then would be lost."
    ),
    Code.CHANGES_UNKNOWN: _both(
        "Everything written since the backup or snapshot was made would be lost; its date is "
        "unknown."
    ),
    Code.EVERYTHING: Text(_LOST.format("VPS"), _LOST.format("server")),
    Code.EVERYTHING_FOR_STATE: Text(
        f"{_LOST.format('VPS')} It would then contain the other one's data, from {{age:span}} ago.",
        f"{_LOST.format('server')} It would then contain the other server's data, from "
        "{age:span} ago.",
    ),
    Code.EVERYTHING_FOR_UNKNOWN: Text(
        f"{_LOST.format('VPS')} It would then contain the other one's data, from an unknown date.",
        f"{_LOST.format('server')} It would then contain the other server's data, from an unknown "
        "date.",
    ),
    Code.NOTHING: Text(
        "Nothing: this VPS stays as it is.", "Nothing: the current server stays as it is."
    ),
    Code.LOSS_UNKNOWN: _both("Unknown: the backup or snapshot to restore was not found."),
    # Side effects
    Code.DISK_REPLACED: Text(
        "The disk is replaced; the VPS is down meanwhile.",
        "The disk is replaced; the server is down meanwhile.",
    ),
    Code.POWER_STATE_UNKNOWN: Text(
        "HostUp does not say how long, nor whether it starts again: check its power state.",
        "HostUp does not say whether it starts the server again: check its power state afterwards.",
    ),
    Code.POWER_STATE_STARTABLE: Text(
        "HostUp does not say how long, nor whether it starts again; set_vps_power can.",
        "HostUp does not say whether it starts the server again; the assistant can.",
    ),
    Code.SERVER_STOPPED: Text(
        "The VPS is stopped and its disk replaced.", "The server is stopped and its disk replaced."
    ),
    Code.NETWORK_KEPT: Text(
        "The VPS keeps its own network settings; the other one is not changed.",
        "This server's own network settings are applied again; the other server is not changed.",
    ),
    Code.PRICE: _both(
        "A new server is built. While it exists, it costs {per_hour:money} per hour, "
        "{per_month:money} per month (720 h), for processor, memory, storage and IP address, "
        "before any VAT, as reported; traffic is extra."
    ),
    Code.REHEARSAL_PRICE: _both(
        "A new server is built. While it exists, it costs {per_hour:money} per hour, "
        "{two_hours:money} for two hours, for processor, memory, storage and IP address, before "
        "any VAT, as reported; traffic is extra."
    ),
    Code.REHEARSAL_STAYS: Text(
        "It stays until end_rehearsal ends it, or the user in HostUp's panel.",
        "It stays until it is ended, here or in HostUp's panel.",
    ),
    Code.PRICE_UNKNOWN: _both(
        "A new server is built and costs money while it exists. The price is not known: HostUp "
        "does not tell it; its panel may."
    ),
    Code.PRICES_DIFFER: _both(
        "A new server is built and costs money while it exists. The price is not known: HostUp "
        "states both {per_hour:money} and {other:money} per hour."
    ),
    Code.TWIN_STARTS: _both(
        "A twin of a live server boots: its scheduled jobs, mail queue and payment runs may start, "
        "so choose a time when that does no harm."
    ),
    Code.NEW_ADDRESS: _both(
        "The new server gets its own address; DNS still points to the current one."
    ),
    Code.MAY_BE_REFUSED: _both("HostUp may refuse if the account cannot use Cloud VPS yet."),
    Code.DISK_ROLLED_BACK: Text(
        "The disk is rolled back to the snapshot; the VPS is down briefly.",
        "The disk is rolled back to the snapshot; the server is down briefly.",
    ),
    Code.MEMORY_RESUMED: _both(
        "Programs that were running when it was made resume from that point."
    ),
    Code.COLD_START: Text(
        "The VPS starts as if after a power failure.",
        "The server starts as if after a power failure.",
    ),
    # A rehearsal that is not known to be over
    Code.REHEARSAL_RUNS: Text(
        "A rehearsal is running: {name:quoted} ({vps_id}), for {age:span}, about {spent:money} so "
        "far ({per_hour:money} per hour, without traffic and VAT).",
        "A rehearsal is running: “{name}”, for {age:span}, about {spent:money} so far "
        "({per_hour:money} per hour, without traffic and VAT).",
    ),
    Code.REHEARSAL_UNPRICED: Text(
        "A rehearsal is running: {name:quoted} ({vps_id}), for {age:span}; what it has cost is not "
        "known.",
        "A rehearsal is running: “{name}”, for {age:span}; what it has cost is not known.",
    ),
    Code.REHEARSAL_ENDING: Text(
        "A rehearsal is being ended: {name:quoted} ({vps_id}); HostUp accepted that {since:span} "
        "ago and still lists it.",
        "A rehearsal is being ended: “{name}”; HostUp accepted that {since:span} ago and still "
        "lists it.",
    ),
    Code.REHEARSAL_LOST: Text(
        "A rehearsal was sent {age:span} ago, and it is not known whether it built a server: look "
        "with list_vps for the name {name}. If there is one, it costs money.",
        "A rehearsal was sent {age:span} ago, and it is not known whether it built the server "
        "“{name}”. If there is one, it costs money.",
    ),
    Code.END_REHEARSAL: Text(
        "When it is no longer needed, end_rehearsal ends it.",
        "When it is no longer needed, ask the assistant to end it.",
    ),
    Code.CANCEL_IN_PANEL: Text(
        "When it is no longer needed, the user can cancel that server in HostUp's panel.",
        "When it is no longer needed, cancel that server in HostUp's panel.",
    ),
    # What makes a backup hard to replace
    Code.ONLY_BACKUP: _both(
        "It is the ONLY backup listed: once it is deleted, there is none to restore."
    ),
    Code.LAST_COMPLETE_BACKUP: _both(
        "It is the LAST backup that looks complete: the others may be empty or unfinished."
    ),
    Code.ONLY_LISTED_BACKUP: _both(
        "It is the ONLY backup that is listed: there are others, but perhaps none to restore."
    ),
    Code.LAST_COMPLETE_LISTED: _both(
        "It is the LAST listed backup that looks complete; there are others that are not listed."
    ),
    Code.NEWEST_BACKUP: _both(
        "It is, or may be, the NEWEST backup: once it is deleted, only older ones are left."
    ),
    # What a restore can be undone with
    Code.WAY_BACK: Text(
        "Way back: {backup_id} from {created:moment}, the newest backup from before the restore.",
        "The newest backup from before the restore is the one from {created:moment}.",
    ),
    Code.WAY_BACK_RESTORED: _both(
        "There is no backup of what was overwritten: the newest one from before the restore is the "
        "one that was restored."
    ),
    Code.WAY_BACK_UNKNOWN: _both(
        "Whether there is a way back is not known: HostUp counts backups that it does not list."
    ),
    Code.NO_WAY_BACK: _both(
        "There is no backup of what was overwritten: HostUp lists none from before the restore."
    ),
    **HEALTH,
    **HERE,
    **SUGGESTIONS,
    **EVIDENCE,
}
