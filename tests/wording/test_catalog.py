"""Each finding in words, once for a model and once for a user."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from hostup_mcp.recovery.account_reasons import (
    AboveLimit,
    AccountBlocked,
    AccountBlocker,
    AccountContradiction,
    NewDiskSmall,
    NewSizeUnknown,
    RegionUnknown,
    TooLarge,
    TooSmall,
)
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.costs import (
    Money,
    PricesDiffer,
    RehearsalEnding,
    RehearsalLost,
    RehearsalPrice,
    RehearsalRuns,
    RehearsalUnpriced,
    ServerPrice,
)
from hostup_mcp.recovery.doubts import STILL_WRITING
from hostup_mcp.recovery.evidence import (
    Answer,
    DisksListed,
    DisksLost,
    LookAgain,
    LookUpWrite,
    NotRestarted,
    PortAnswers,
    PortMute,
    PortSilent,
    PowerOff,
    PowerOther,
    RestoreEnded,
    RestoreFailed,
)
from hostup_mcp.recovery.findings import (
    BackupSmall,
    BackupUnconfirmed,
    Changes,
    ClocksDiffer,
    EverythingForState,
    Finding,
    NewestBefore,
    RestoredSince,
    WriteUnsettled,
)
from hostup_mcp.recovery.health_findings import (
    CreateClosed,
    NewestDoubtful,
    NewestOld,
    RecencyUnknown,
    RestoreClosed,
    ServiceNotActive,
    SlotsFull,
    Unreadable,
)
from hostup_mcp.recovery.here import (
    ClientCannotAsk,
    JobRunning,
    KeyRefused,
    Locked,
    RememberedUntil,
    UnlockBySetting,
    UnlockForCaller,
)
from hostup_mcp.recovery.reasons import (
    BackupMissing,
    BackupsHidden,
    EvictsHidden,
    GateClosed,
    GateMissing,
    GateOpen,
    MayNotFit,
    NoBackups,
    NoSnapshots,
    QuotaReadsFull,
    QuotaUnknown,
    SizeMissing,
    SnapshotExpired,
    SnapshotMissing,
    WouldEvict,
)
from hostup_mcp.recovery.schedule_findings import (
    MoreRunsFailed,
    NoScheduleOn,
    RunFailed,
    ScheduleNeverRan,
    ScheduleOverdue,
)
from hostup_mcp.recovery.suggestions import (
    BackedUp,
    BackUpFirst,
    CannotBackUp,
    Evicts,
    NewerSnapshot,
    NewServerFrom,
)
from hostup_mcp.wording import formats
from hostup_mcp.wording.catalog import TEXTS
from hostup_mcp.wording.render import finding_code, for_model, for_user
from hostup_mcp.wording.viewer import Viewer

WHEN, AGE = datetime(2026, 4, 27, 10, tzinfo=UTC), timedelta(days=1, hours=2, minutes=5)
KEYS = "https://cloud.hostup.se/api-management"
CLOCK = "This machine's clock is 3 hours"
EVERYTHING = "Everything on this server would be lost."
SLOTS = "All backup slots are in use"

ASKING = "MCP elicitation, or HOSTUP_MCP_CONFIRM=client where hostup-mcp is configured"

# What a model reads, and what a user does where that is not the same.
WORDS: list[tuple[Finding, str, str | None]] = [
    # Reasons
    (
        WouldEvict("bkp_1", WHEN, None),
        "The likeliest is the oldest, bkp_1 from Mon 2026-04-27 10:00 UTC.",
        "The likeliest is the oldest, from Mon 2026-04-27 10:00 UTC.",
    ),
    (
        WouldEvict("bkp_1", WHEN, "keep"),
        'The likeliest is the oldest, bkp_1 from Mon 2026-04-27 10:00 UTC, note "keep".',
        "The likeliest is the oldest, from Mon 2026-04-27 10:00 UTC, with the note “keep”.",
    ),
    (
        EvictsHidden(),
        "It may be one that is not listed here.",
        None,
    ),
    (
        QuotaReadsFull(3, 3, 0),
        "By HostUp's numbers, all backup slots are in use: HostUp may remove a backup to make"
        " room for another.",
        None,
    ),
    (
        QuotaUnknown(3, None, None),
        "No backup slot is known to be free: HostUp may remove a backup to make room for another.",
        None,
    ),
    (
        NoBackups(),
        "This VPS has no backup to restore.",
        "This server has no backup to restore.",
    ),
    (
        NoSnapshots(None),
        "This VPS cannot have snapshots.",
        "This server cannot have snapshots.",
    ),
    (
        MayNotFit(80.5, 80.0),
        "The backup is 80.5 GB and the disk of this VPS 80 GB: it may not fit.",
        "The backup is 80.5 GB and this server's disk 80 GB: it may not fit.",
    ),
    (
        SizeMissing(),
        "HostUp does not say how large the backup or the disk of this VPS is, so it may not fit.",
        "HostUp does not say how large the backup or this server's disk is, so it may not fit.",
    ),
    (GateOpen(None, None), "HostUp allows it.", None),
    (GateOpen("Slow.", "x"), "Slow.", "HostUp says: “Slow.”"),
    (GateClosed(None, None), "HostUp does not allow this and gave no reason.", None),
    (
        GateClosed(None, "busy"),
        'HostUp does not allow this and gave no reason, only the code "busy".',
        "HostUp does not allow this and gave no reason, only the code “busy”.",
    ),
    (GateClosed("Busy.", "busy"), "Busy.", "HostUp says: “Busy.”"),
    (
        GateMissing("canRestore"),
        "HostUp's response does not say whether this is allowed (canRestore is missing or cannot "
        "be read).",
        "HostUp does not say whether it allows this.",
    ),
    (
        BackupsHidden(3, 0),
        "There are more backups (3) than can be listed (0): some may be unfinished, unreadable or "
        "hidden from this key.",
        "There are more backups (3) than can be listed (0): some may be unfinished, unreadable or "
        "hidden from this API key.",
    ),
    (
        BackupsHidden(None, 1),
        "HostUp says that it has more backups than it lists (1), and gives no way to request them.",
        None,
    ),
    (BackupMissing(), "HostUp does not list this backup; it may have been removed.", None),
    (NoSnapshots("None."), "None.", "HostUp says: “None.”"),
    (
        SnapshotMissing(),
        "HostUp does not list this snapshot; snapshots last about 24 hours.",
        None,
    ),
    (
        SnapshotExpired(WHEN),
        "This snapshot was due to be removed at Mon 2026-04-27 10:00 UTC; it may be gone at any "
        "moment.",
        "This snapshot was due to be removed on Mon 2026-04-27 10:00 UTC; it may be gone at any "
        "moment.",
    ),
    # Steps that would unblock an action
    (
        Code.COMPLETE_ORDER,
        "Complete or cancel the pending order in HostUp's panel.",
        None,
    ),
    (
        Code.FINISH_ORDER,
        "The service is pending: complete its order in HostUp's panel.",
        None,
    ),
    (
        Code.PAY_INVOICE,
        "Pay the open invoice in HostUp's panel.",
        None,
    ),
    (
        Code.LIFT_SUSPENSION,
        "The service is suspended: pay any overdue invoice in HostUp's panel; if there is "
        "none, only HostUp's support can lift it.",
        None,
    ),
    (
        Code.USE_OTHER_SERVER,
        "The hosting of this VPS has ended. If the user has another, active VPS, "
        "list_restore_sources of that one shows whether these backups can be restored onto "
        "it.",
        "The hosting of this server has ended. If you have another, active server, its "
        "backups may be restorable onto that one.",
    ),
    (
        Code.CONTACT_SUPPORT,
        "Only HostUp's support can remove this restriction.",
        None,
    ),
    (
        Code.TRY_LATER,
        "This should pass by itself: call list_vps_backups again in a few minutes; if three tries "
        "show no change, HostUp's panel or support can say why.",
        "This should pass by itself: check again in a few minutes; if it stays, HostUp's panel or "
        "support can say why.",
    ),
    (
        Code.CHECK_SCOPE,
        "The key may lack a scope (backup:vm for backups, restores and snapshots); check it "
        "at https://cloud.hostup.se/api-management.",
        "The API key may lack a permission (the scope backup:vm); check it on HostUp's page "
        "for API keys.",
    ),
    (
        Code.EXPLAIN_REASON,
        "If HostUp's reason is temporary, call list_vps_backups again in a few minutes; if "
        "not, only HostUp's support can explain it.",
        "If this reason is temporary, try again later; if not, only HostUp's support can "
        "explain it.",
    ),
    (
        Code.ASK_WHY,
        "HostUp's panel may show why; if it does not, only HostUp's support can explain it.",
        None,
    ),
    (
        Code.ASK_WHETHER,
        "Check in HostUp's panel whether this is allowed.",
        None,
    ),
    (
        Code.COMPARE_PANEL,
        "Check in HostUp's panel, which may show backups not listed here.",
        None,
    ),
    (
        Code.ONLY_CURRENT_STATE,
        "A restore needs a backup, and one made now holds only the current state.",
        None,
    ),
    (
        Code.GET_SLOTS,
        "All backup slots are in use; more can be bought in HostUp's panel.",
        None,
    ),
    (
        Code.CHOOSE_BACKUP,
        "List the backups again and choose one that is there.",
        None,
    ),
    (
        Code.CHOOSE_SNAPSHOT,
        "Call list_vps_snapshots again and choose one that is there.",
        "List the snapshots again and choose one that is there.",
    ),
    (
        Code.USE_BACKUP,
        "Choose a backup of list_vps_backups instead.",
        "Choose a backup instead.",
    ),
    (
        Code.GET_LARGER_DISK,
        "A larger disk for this VPS can be ordered in HostUp's panel.",
        "A larger disk for this server can be ordered in HostUp's panel.",
    ),
    (
        Code.RAISE_LIMIT,
        "Choose a smaller size, or ask for a higher limit in HostUp's panel.",
        None,
    ),
    (
        Code.RAISE_SERVER_LIMIT,
        "End another pay-as-you-go server, or ask for a higher limit, in HostUp's panel.",
        None,
    ),
    # Why it cannot be carried out from here, and who can change that
    (
        Locked(("restore",), UnlockBySetting("create,restore")),
        "Locked; to unlock: set --allow or HOSTUP_MCP_ALLOW to create,restore, plus any group "
        "added meanwhile, where hostup-mcp is configured, then restart it.",
        "It is locked in this assistant's access to HostUp. Whoever set it up can unlock it: "
        "--allow or HOSTUP_MCP_ALLOW set to create,restore, plus any group added meanwhile, and a "
        "restart.",
    ),
    (
        UnlockBySetting("restore"),
        "set --allow or HOSTUP_MCP_ALLOW to restore, plus any group added meanwhile, where "
        "hostup-mcp is configured, then restart it",
        "Whoever set it up can unlock it: --allow or HOSTUP_MCP_ALLOW set to restore, plus any "
        "group added meanwhile, and a restart.",
    ),
    (
        UnlockForCaller("restore"),
        "whoever runs hostup-mcp sets allow restore, plus any group added meanwhile, for this "
        "caller in its credentials file, then restarts it",
        "Whoever runs it can unlock it for you: allow restore, plus any group added meanwhile, in "
        "the credentials file, then a restart.",
    ),
    (
        ClientCannotAsk(Code.USE_ASKING_CLIENT),
        f"This client cannot ask the user for their yes (needs {ASKING}).",
        f"It needs your yes, which this app cannot ask for: that needs {ASKING}.",
    ),
    (Code.USE_ASKING_CLIENT, ASKING, None),
    (
        Code.USE_NEWER_CLIENT,
        ASKING.replace("elicitation", "elicitation of revision 2026-07-28"),
        None,
    ),
    (
        KeyRefused(WHEN, "backup:vm", Code.CHECKED_AGAIN),
        "HostUp refused the API key with 403 at Mon 2026-04-27 10:00 UTC: it probably lacks the "
        f"scope backup:vm, which the user can add at {KEYS}. It was still refused when checked "
        "just now.",
        "HostUp refused the API key on Mon 2026-04-27 10:00 UTC: it probably lacks a permission "
        "(the scope backup:vm), which you can add on HostUp's page for API keys. It was still "
        "refused when checked just now.",
    ),
    (Code.CHECKED_AGAIN, "It was still refused when checked just now.", None),
    (
        RememberedUntil(WHEN),
        "If the key has been changed since, try again after Mon 2026-04-27 10:00 UTC.",
        None,
    ),
    (
        Code.STORE_UNAVAILABLE,
        "Shared state is unavailable, so writes are disabled: call again in a minute; if it stays "
        "so, whoever runs hostup-mcp has to check it.",
        "Nothing can be changed from here now. Try again in a minute; if it stays so, whoever "
        "runs this assistant's access to HostUp has to check it.",
    ),
    (
        JobRunning(WHEN),
        "A change to this VPS through hostup-mcp is in progress, or its outcome is unknown: follow "
        "it with get_job. Until it has ended, at most until Mon 2026-04-27 10:00 UTC, no other is "
        "sent.",
        "Another change to this server is in progress, or its outcome is unknown. Until it has "
        "ended, at most until Mon 2026-04-27 10:00 UTC, no other is sent.",
    ),
    (
        Code.USE_PANEL,
        "The user can do it in HostUp's panel.",
        "You can do it yourself in HostUp's panel.",
    ),
    # Advice
    (
        Code.NO_RECENT_BACKUP,
        "No complete backup is known to be from the last 24 hours.",
        None,
    ),
    (
        WriteUnsettled(WHEN, WHEN + AGE, "0123456789abcdef"),
        "A change to this VPS was sent at Mon 2026-04-27 10:00 UTC, and its outcome is not known: "
        "do not send it again before Tue 2026-04-28 12:05 UTC. get_job with writeId "
        "0123456789abcdef says what is known.",
        "A change to this server was sent on Mon 2026-04-27 10:00 UTC, and its outcome is not "
        "known: do not repeat it before Tue 2026-04-28 12:05 UTC.",
    ),
    (
        BackupUnconfirmed(WHEN, has_failed=False),
        "This backup may come from the request of Mon 2026-04-27 10:00 UTC, whose outcome is not "
        "known.",
        None,
    ),
    (
        BackupUnconfirmed(WHEN, has_failed=True),
        "This backup may come from the request of Mon 2026-04-27 10:00 UTC, whose job did not "
        "succeed.",
        None,
    ),
    (
        RestoredSince(WHEN, AGE, None),
        "A restore of this VPS was sent on Mon 2026-04-27 10:00 UTC, 1 day 2 hours ago; how it "
        "ended is not known. If it succeeded, only what was written since then would be lost.",
        "A restore of this server was sent on Mon 2026-04-27 10:00 UTC, 1 day 2 hours ago; how it "
        "ended is not known. If it succeeded, only what was written since then would be lost.",
    ),
    (
        RestoredSince(WHEN, AGE, succeeded=True),
        "This VPS was restored on Mon 2026-04-27 10:00 UTC, 1 day 2 hours ago, as HostUp reports: "
        "only what was written since then would be lost.",
        "This server was restored on Mon 2026-04-27 10:00 UTC, 1 day 2 hours ago, as HostUp "
        "reports: only what was written since then would be lost.",
    ),
    (
        RestoredSince(WHEN, AGE, succeeded=False),
        "A restore of this VPS that was sent on Mon 2026-04-27 10:00 UTC, 1 day 2 hours ago, did "
        "not succeed: what its disk holds now is not known.",
        "A restore of this server that was sent on Mon 2026-04-27 10:00 UTC, 1 day 2 hours ago, "
        "did not succeed: what its disk holds now is not known.",
    ),
    (
        Code.DATES_UNKNOWN,
        "Some backups have no known date: they are listed last, and may be newer than the others.",
        None,
    ),
    (
        Code.DATES_IN_FUTURE,
        "Some backups are dated in the future: they are listed last, and may be newer or older "
        "than the others.",
        None,
    ),
    (Code.NO_COMPLETE_BACKUP, "Every listed backup may be incomplete.", None),
    (
        ClocksDiffer(timedelta(hours=3), is_behind=True),
        f"{CLOCK} behind HostUp's; ages are by HostUp's clock.",
        None,
    ),
    (
        ClocksDiffer(timedelta(hours=3), is_behind=False),
        f"{CLOCK} ahead of HostUp's; ages are by HostUp's clock.",
        None,
    ),
    # Why a backup may be incomplete
    (Code.BACKUP_EMPTY, "This backup is 0 GB: it is probably empty or unfinished.", None),
    (
        BackupSmall(1.1, 12),
        "This backup is 1.1 GB and the others about 12 GB: it may be incomplete.",
        None,
    ),
    (
        Code.BACKUP_NEW,
        "This backup is under 15 minutes old: HostUp does not say whether a backup is finished.",
        None,
    ),
    # Schedules
    (
        ScheduleOverdue("bks_1", None, WHEN),
        "Schedule bks_1 is on but last ran at Mon 2026-04-27 10:00 UTC, over a month ago: HostUp "
        "seems not to be making backups as scheduled.",
        "A backup schedule is on but last ran on Mon 2026-04-27 10:00 UTC, over a month ago: "
        "HostUp seems not to be making backups as scheduled.",
    ),
    (
        ScheduleOverdue("bks_1", "daily", WHEN),
        "Schedule bks_1 is on (daily) but last ran at Mon 2026-04-27 10:00 UTC: HostUp is not "
        "making backups as scheduled.",
        "A backup schedule is on (daily) but last ran on Mon 2026-04-27 10:00 UTC: HostUp is not "
        "making backups as scheduled.",
    ),
    (
        ScheduleNeverRan("bks_1"),
        "Schedule bks_1 is on, but it is not known to have ever run.",
        "A backup schedule is on, but it is not known to have ever run.",
    ),
    (
        RunFailed(WHEN, "odd", None),
        'The backup from Mon 2026-04-27 10:00 UTC has the status "odd": it may have failed.',
        "The backup from Mon 2026-04-27 10:00 UTC has the status “odd”: it may have failed.",
    ),
    (
        RunFailed(None, "failed", "No space."),
        'The backup from an unknown date failed: "No space."',
        "The backup from an unknown date failed. HostUp says: “No space.”",
    ),
    (MoreRunsFailed(4), "Earlier backups that failed too, or may have: 4.", None),
    (
        NoScheduleOn(2),
        "A schedule made 2 of its backups, but no schedule is on now: HostUp makes no more "
        "automatically.",
        None,
    ),
    # Data loss
    (
        Changes(WHEN, timedelta(minutes=3)),
        "It was made 3 minutes ago: only what was written since then would be lost.",
        None,
    ),
    (
        Code.EVERYTHING,
        "Everything on this VPS would be lost.",
        "Everything on this server would be lost.",
    ),
    (
        EverythingForState(AGE),
        "Everything on this VPS would be lost. It would then contain the other one's data, "
        "from 1 day 2 hours ago.",
        "Everything on this server would be lost. It would then contain the other server's "
        "data, from 1 day 2 hours ago.",
    ),
    (
        Code.EVERYTHING_FOR_UNKNOWN,
        "Everything on this VPS would be lost. It would then contain the other one's data, "
        "from an unknown date.",
        "Everything on this server would be lost. It would then contain the other server's "
        "data, from an unknown date.",
    ),
    (
        Code.NOTHING,
        "Nothing: this VPS stays as it is.",
        "Nothing: the current server stays as it is.",
    ),
    (
        Changes(WHEN, AGE),
        "Everything written since Mon 2026-04-27 10:00 UTC would be lost, up to 1 day 2 hours of "
        "changes.",
        "Everything written since Mon 2026-04-27 10:00 UTC would be lost, up to 1 day 2 hours of "
        "changes.",
    ),
    (
        Code.CHANGES_UNKNOWN,
        "Everything written since the backup or snapshot was made would be lost; its date is "
        "unknown.",
        None,
    ),
    (Code.LOSS_UNKNOWN, "Unknown: the backup or snapshot to restore was not found.", None),
    # Side effects
    (
        Code.DISK_REPLACED,
        "The disk is replaced; the VPS is down meanwhile.",
        "The disk is replaced; the server is down meanwhile.",
    ),
    (
        Code.POWER_STATE_UNKNOWN,
        "HostUp does not say how long, nor whether it starts again: check its power state.",
        "HostUp does not say whether it starts the server again: check its power state afterwards.",
    ),
    (
        Code.POWER_STATE_STARTABLE,
        "HostUp does not say how long, nor whether it starts again; set_vps_power can.",
        "HostUp does not say whether it starts the server again; the assistant can.",
    ),
    (
        Code.SERVER_STOPPED,
        "The VPS is stopped and its disk replaced.",
        "The server is stopped and its disk replaced.",
    ),
    (
        Code.NETWORK_KEPT,
        "The VPS keeps its own network settings; the other one is not changed.",
        "This server's own network settings are applied again; the other server is not changed.",
    ),
    (
        Code.DISK_ROLLED_BACK,
        "The disk is rolled back to the snapshot; the VPS is down briefly.",
        "The disk is rolled back to the snapshot; the server is down briefly.",
    ),
    (
        Code.COLD_START,
        "The VPS starts as if after a power failure.",
        "The server starts as if after a power failure.",
    ),
    (
        ServerPrice(Money(Decimal("0.66"), "SEK"), Money(Decimal("475.20"), "SEK")),
        "A new server is built. While it exists, it costs SEK 0.66 per hour, SEK 475.20 per month "
        "(720 h), for processor, memory, storage and IP address, before any VAT, as reported; "
        "traffic is extra.",
        None,
    ),
    (
        RehearsalPrice(Money(Decimal("0.66"), "SEK"), Money(Decimal("1.32"), "SEK")),
        "A new server is built. While it exists, it costs SEK 0.66 per hour, SEK 1.32 for two "
        "hours, for processor, memory, storage and IP address, before any VAT, as reported; "
        "traffic is extra.",
        None,
    ),
    (
        Code.REHEARSAL_STAYS,
        "It stays until end_rehearsal ends it, or the user in HostUp's panel.",
        "It stays until it is ended, here or in HostUp's panel.",
    ),
    (
        Code.PRICE_UNKNOWN,
        "A new server is built and costs money while it exists. The price is not known: HostUp "
        "does not tell it; its panel may.",
        None,
    ),
    (
        PricesDiffer(Money(Decimal("0.66"), "SEK"), Money(Decimal("0.0156"), "EUR")),
        "A new server is built and costs money while it exists. The price is not known: HostUp "
        "states both SEK 0.66 and EUR 0.0156 per hour.",
        None,
    ),
    (
        Code.TWIN_STARTS,
        "A twin of a live server boots: its scheduled jobs, mail queue and payment runs may start, "
        "so choose a time when that does no harm.",
        None,
    ),
    (
        Code.NEW_ADDRESS,
        "The new server gets its own address; DNS still points to the current one.",
        None,
    ),
    (Code.MAY_BE_REFUSED, "HostUp may refuse if the account cannot use Cloud VPS yet.", None),
    (
        Code.MEMORY_RESUMED,
        "Programs that were running when it was made resume from that point.",
        None,
    ),
    # Alternatives
    (
        Code.USE_NEW_SERVER,
        "mode new_cloud_vps: a new, paid VPS; this one is not changed, and single files can "
        "be copied over.",
        "A new, paid server from the backup: this one is not changed, and single files can be"
        " copied over.",
    ),
    (
        Code.NEW_SERVER_ELSEWHERE,
        "a new, paid VPS, which leaves this one unchanged; not from here, but in HostUp's panel.",
        "A new, paid server from the backup leaves this one unchanged. It cannot be built "
        "from here, but in HostUp's panel.",
    ),
    (
        NewServerFrom("vps_2"),
        "mode new_cloud_vps of vps_2: a new, paid VPS from that backup; this one is not changed.",
        "A new, paid server from the other server's backup: this one is not changed.",
    ),
    (
        NewerSnapshot("snap", WHEN, AGE, is_instead=False),
        'The newer snapshot "snap" (1 day 2 hours old) would lose less: plan_restore, mode '
        "snapshot.",
        "The snapshot “snap” of Mon 2026-04-27 10:00 UTC is newer, 1 day 2 hours old: "
        "restoring it would lose less.",
    ),
    (
        NewerSnapshot("snap", WHEN, AGE, is_instead=True),
        'The snapshot "snap" (1 day 2 hours old) can be restored: plan_restore, mode snapshot.',
        "There is a snapshot, “snap” of Mon 2026-04-27 10:00 UTC, 1 day 2 hours old, that can"
        " be restored.",
    ),
    # Precautions
    (
        Code.WITH_TOOL,
        "with create_vps_backup",
        "the assistant can do it",
    ),
    (
        Code.IN_PANEL,
        "in HostUp's panel",
        None,
    ),
    (
        BackUpFirst(Code.WITH_TOOL),
        "Back up the current state with create_vps_backup.",
        "Back up the current state (the assistant can do it), so that this can be undone.",
    ),
    (
        BackedUp("bkp_1", AGE, is_new=False),
        "The current state was backed up 1 day 2 hours ago (bkp_1), so this can be undone.",
        "The current state was backed up 1 day 2 hours ago, so this can be undone.",
    ),
    (
        BackedUp("bkp_1", AGE, is_new=True),
        "A backup of the current state was begun 1 day 2 hours ago (bkp_1): wait until it is "
        "15 minutes old, as HostUp does not say whether it is finished.",
        "A backup of the current state was begun 1 day 2 hours ago: wait until it is 15 "
        "minutes old, as HostUp does not say whether it is finished.",
    ),
    (
        Code.MAY_BACK_UP,
        "Back up the current state in HostUp's panel, if it is allowed there: HostUp's "
        "response does not say.",
        None,
    ),
    (
        Evicts(Code.IN_PANEL, "bkp_1", WHEN),
        "Backing up the current state first (in HostUp's panel) may make HostUp remove the "
        "oldest backup, bkp_1 from Mon 2026-04-27 10:00 UTC: no slot is known to be free. The"
        " user decides.",
        "Backing up the current state first (in HostUp's panel) may make HostUp remove the "
        "oldest backup, the one from Mon 2026-04-27 10:00 UTC: no slot is known to be free. "
        "It is your choice.",
    ),
    (
        Evicts(Code.IN_PANEL, "bkp_1", WHEN, "keep"),
        "Backing up the current state first (in HostUp's panel) may make HostUp remove the "
        'oldest backup, bkp_1 from Mon 2026-04-27 10:00 UTC, note "keep": no slot is known to'
        " be free. The user decides.",
        "Backing up the current state first (in HostUp's panel) may make HostUp remove the "
        "oldest backup, the one from Mon 2026-04-27 10:00 UTC with the note “keep”: no slot "
        "is known to be free. It is your choice.",
    ),
    (
        Evicts(Code.WITH_TOOL),
        "Backing up the current state first (with create_vps_backup) may make HostUp remove "
        "another one, it is not known which: no slot is known to be free. The user decides.",
        "Backing up the current state first (the assistant can do it) may make HostUp remove "
        "another one, it is not known which: no slot is known to be free. It is your choice.",
    ),
    (
        Code.EVICTS_POINT,
        "Do not back up the current state first: no slot is known to be free, and HostUp may "
        "remove the oldest, which is the one to restore.",
        None,
    ),
    (
        Code.MAY_EVICT_POINT,
        "Do not back up the current state first: no slot is known to be free, and HostUp may "
        "remove the oldest, which may be the one to restore.",
        None,
    ),
    (
        CannotBackUp(GateClosed(None, None), None),
        "The current state cannot be backed up now: HostUp does not allow this and gave no reason.",
        "The current state cannot be backed up now. HostUp does not allow this and gave no reason.",
    ),
    (
        CannotBackUp(GateClosed("No slots.", None), None),
        'The current state cannot be backed up now: "No slots."',
        "The current state cannot be backed up now. HostUp says: “No slots.”",
    ),
    (
        CannotBackUp(GateClosed("No slots.", None), Code.GET_SLOTS),
        'The current state cannot be backed up now: "No slots." All backup slots are in use; '
        "more can be bought in HostUp's panel.",
        "The current state cannot be backed up now. HostUp says: “No slots.” All backup slots"
        " are in use; more can be bought in HostUp's panel.",
    ),
    # What makes a backup hard to replace
    (
        Code.ONLY_BACKUP,
        "It is the ONLY backup listed: once it is deleted, there is none to restore.",
        None,
    ),
    (
        Code.LAST_COMPLETE_BACKUP,
        "It is the LAST backup that looks complete: the others may be empty or unfinished.",
        None,
    ),
    (
        Code.ONLY_LISTED_BACKUP,
        "It is the ONLY backup that is listed: there are others, but perhaps none to restore.",
        None,
    ),
    (
        Code.LAST_COMPLETE_LISTED,
        "It is the LAST listed backup that looks complete; there are others that are not listed.",
        None,
    ),
    (
        Code.NEWEST_BACKUP,
        "It is, or may be, the NEWEST backup: once it is deleted, only older ones are left.",
        None,
    ),
    # What a restore can be undone with
    (
        NewestBefore("bkp_1", WHEN),
        "Way back: bkp_1 from Mon 2026-04-27 10:00 UTC, the newest backup from before the restore.",
        "The newest backup from before the restore is the one from Mon 2026-04-27 10:00 UTC.",
    ),
    (
        Code.WAY_BACK_RESTORED,
        "There is no backup of what was overwritten: the newest one from before the restore is the "
        "one that was restored.",
        None,
    ),
    (
        Code.WAY_BACK_UNKNOWN,
        "Whether there is a way back is not known: HostUp counts backups that it does not list.",
        None,
    ),
    (
        Code.NO_WAY_BACK,
        "There is no backup of what was overwritten: HostUp lists none from before the restore.",
        None,
    ),
    # Evidence: what was seen after a restore
    (
        Code.RESTORE_SUCCEEDED,
        "HostUp reports that the restore is complete, which does not show that the server works.",
        None,
    ),
    (RestoreFailed(None), "HostUp reports that the restore failed.", None),
    (
        RestoreFailed("No space."),
        'HostUp reports that the restore failed: "No space."',
        "HostUp reports that the restore failed. HostUp says: “No space.”",
    ),
    (RestoreEnded(None), "HostUp reports that the restore ended without success.", None),
    (
        RestoreEnded("Cancelled."),
        'HostUp reports that the restore ended without success: "Cancelled."',
        "HostUp reports that the restore ended without success. HostUp says: “Cancelled.”",
    ),
    (Code.RESTORE_RUNNING, "The restore is still running.", None),
    (
        Code.RESTORE_GONE,
        "HostUp no longer knows the job, so how the restore ended is unknown.",
        None,
    ),
    (Code.RESTORE_UNCLEAR, "Whether the restore has ended could not be read.", None),
    (
        Code.RESTORE_WITHOUT_JOB,
        "HostUp accepted the restore; no job of it is known, so whether it has ended is unknown.",
        None,
    ),
    (
        Code.RESTORE_UNCONFIRMED,
        "It is not known whether HostUp carried out the restore.",
        None,
    ),
    (
        Code.POWER_RUNNING,
        "HostUp shows the server as running, which does not show that its system started.",
        None,
    ),
    (
        PowerOff("stopped", is_lost=True),
        'HostUp shows the server as "stopped"; before the restore it was running.',
        "HostUp shows the server as “stopped”; before the restore it was running.",
    ),
    (
        PowerOff("stopped", is_lost=False),
        'HostUp shows the server as "stopped".',
        "HostUp shows the server as “stopped”.",
    ),
    (
        PowerOther("starting"),
        'HostUp shows the power state "starting".',
        "HostUp shows the power state “starting”.",
    ),
    (Code.POWER_UNKNOWN, "The power state is unknown.", None),
    (
        NotRestarted(WHEN),
        "By HostUp's uptime it has been running since Mon 2026-04-27 10:00 UTC, before the restore "
        "was sent: what answers may not be what was restored.",
        None,
    ),
    (Code.AGENT_ANSWERS, "The guest agent answers: the server's system is running.", None),
    (Code.AGENT_LOST, "The guest agent does not answer; before the restore it did.", None),
    (Code.AGENT_SILENT, "The guest agent does not answer; the server may have none.", None),
    (Code.AGENT_UNKNOWN, "Whether the guest agent answers could not be read.", None),
    (DisksListed(1), "HostUp lists its disks (1), not whether they hold the backup.", None),
    (DisksLost(2, 1), "HostUp lists fewer disks (1) than before the restore (2).", None),
    (Code.DISKS_UNKNOWN, "The disks could not be read.", None),
    (PortAnswers(443, Answer.TLS, None), "Port 443 answers with TLS.", None),
    (PortAnswers(80, Answer.HTTP, 502), "Port 80 answers with HTTP status 502.", None),
    (PortAnswers(22, Answer.CONNECTION, None), "Port 22 accepts connections.", None),
    (
        PortMute(80),
        "Port 80 accepts connections but says nothing; before the restore it did.",
        None,
    ),
    (
        PortSilent(22, is_lost=True),
        "Port 22 does not answer; before the restore it did.",
        None,
    ),
    (PortSilent(22, is_lost=False), "Port 22 does not answer.", None),
    # What else shows whether a server is back
    (
        Code.WAIT_FOR_RESTORE,
        "Wait for the job with get_job, then call verify_recovery again.",
        "Wait until the restore has ended, then check again.",
    ),
    (
        LookAgain(WHEN),
        "It may still start until Mon 2026-04-27 10:00 UTC: call verify_recovery again after that.",
        "It may still start until Mon 2026-04-27 10:00 UTC: check again after that.",
    ),
    (
        Code.LOOK_AGAIN_SOON,
        "It may still be starting: call verify_recovery again in a minute.",
        "It may still be starting: check again in a minute.",
    ),
    (
        LookUpWrite("0123456789abcdef"),
        "get_job with writeId 0123456789abcdef looks in HostUp's audit log whether it was "
        "accepted.",
        "The assistant can look in HostUp's audit log whether it was accepted.",
    ),
    (Code.START_SERVER, "It can be started in HostUp's panel.", None),
    (
        Code.START_WITH_TOOL,
        "set_vps_power with action start starts it.",
        "The assistant can start it.",
    ),
    (Code.OPEN_CONSOLE, "The console in HostUp's panel shows what is on its screen.", None),
    (
        Code.USE_SERVER,
        "Whether its programs work shows only in using it: open its website, or log in.",
        None,
    ),
    (
        Code.ENABLE_PROBE,
        "With HOSTUP_MCP_PROBE=1 this program also checks whether ports 22, 80 and 443 answer.",
        None,
    ),
]

RUNS, SEK = timedelta(hours=1, minutes=30), Money(Decimal("0.66"), "SEK")
WORDS += [
    # A rehearsal that is not known to be over
    (
        RehearsalRuns("vps_1", "try-1", RUNS, SEK, Money(Decimal("0.99"), "SEK")),
        'A rehearsal is running: "try-1" (vps_1), for 1 hour 30 minutes, about SEK 0.99 so far '
        "(SEK 0.66 per hour, without traffic and VAT).",
        "A rehearsal is running: “try-1”, for 1 hour 30 minutes, about SEK 0.99 so far (SEK 0.66 "
        "per hour, without traffic and VAT).",
    ),
    (
        RehearsalUnpriced("vps_1", "try-1", RUNS),
        'A rehearsal is running: "try-1" (vps_1), for 1 hour 30 minutes; what it has cost is not '
        "known.",
        "A rehearsal is running: “try-1”, for 1 hour 30 minutes; what it has cost is not known.",
    ),
    (
        RehearsalEnding("vps_1", "try-1", RUNS),
        'A rehearsal is being ended: "try-1" (vps_1); HostUp accepted that 1 hour 30 minutes ago '
        "and still lists it.",
        "A rehearsal is being ended: “try-1”; HostUp accepted that 1 hour 30 minutes ago and still "
        "lists it.",
    ),
    (
        RehearsalLost("try-1", RUNS),
        "A rehearsal was sent 1 hour 30 minutes ago, and it is not known whether it built a "
        "server: look with list_vps for the name try-1. If there is one, it costs money.",
        "A rehearsal was sent 1 hour 30 minutes ago, and it is not known whether it built the "
        "server “try-1”. If there is one, it costs money.",
    ),
    (
        Code.END_REHEARSAL,
        "When it is no longer needed, end_rehearsal ends it.",
        "When it is no longer needed, ask the assistant to end it.",
    ),
    (
        Code.CANCEL_IN_PANEL,
        "When it is no longer needed, the user can cancel that server in HostUp's panel.",
        "When it is no longer needed, cancel that server in HostUp's panel.",
    ),
    # A new pay-as-you-go server
    (AccountBlocked(None), "HostUp does not let this account have a new server.", None),
    (AccountBlocked("Not yet."), "Not yet.", "HostUp says: “Not yet.”"),
    (
        AccountContradiction(),
        "HostUp allows a new server, and also says that something is in the way of one.",
        None,
    ),
    *(
        (AccountBlocker(word, is_gate_open=False), text, None)
        for word, text in (
            ("not_verified", "The account is not verified."),
            ("no_cloud_access", "Cloud VPS is not enabled for this account."),
            ("no_card_on_file", "The account has no payment card."),
            ("cpu_limit_exceeded", "The account's limit of CPU cores is reached."),
            ("memory_limit_exceeded", "The account's limit of memory is reached."),
            ("storage_limit_exceeded", "The account's limit of storage is reached."),
            (
                "instance_limit_exceeded",
                "The account's limit of pay-as-you-go servers is reached.",
            ),
            ("has_unpaid_invoice", "An invoice is unpaid."),
        )
    ),
    (
        AccountBlocker("full_moon", is_gate_open=False),
        'HostUp names something in the way: "full_moon".',
        "HostUp names something in the way: “full_moon”.",
    ),
    (
        AboveLimit(4, 2, Code.CPU_CORES),
        "The new server needs 4 CPU cores; the account's limit leaves 2.",
        None,
    ),
    (
        AboveLimit(1, 0, Code.CLOUD_SERVERS),
        "The new server needs 1 pay-as-you-go server; the account's limit leaves 0.",
        None,
    ),
    (
        TooLarge(512, 256, Code.GB_OF_MEMORY),
        "HostUp allows at most 256 GB of memory, not 512.",
        None,
    ),
    (
        TooSmall(20, 50, Code.GB_OF_STORAGE),
        "HostUp needs at least 50 GB of storage, not 20.",
        None,
    ),
    (
        NewDiskSmall(80.5, 80),
        "The backup is 80.5 GB and the new server's disk 80 GB: it may not fit.",
        None,
    ),
    (
        NewSizeUnknown("cpuCores, memoryGb"),
        "HostUp does not state the size of this server, so the new one's must be given: cpuCores, "
        "memoryGb.",
        "HostUp does not state the size of this server, so the new one's must be given.",
    ),
    (
        RegionUnknown("oslo", "stockholm, malmo"),
        'HostUp does not list the region "oslo"; it lists "stockholm, malmo".',
        "HostUp does not list the region “oslo”; it lists “stockholm, malmo”.",
    ),
    (Code.CPU_CORES, "CPU cores", None),
    (Code.GB_OF_MEMORY, "GB of memory", None),
    (Code.GB_OF_STORAGE, "GB of storage", None),
    (Code.CLOUD_SERVERS, "pay-as-you-go server", None),
    (Code.VERIFY_ACCOUNT, "Verify the account in HostUp's panel.", None),
    (Code.ENABLE_CLOUD, "Ask HostUp's support to enable Cloud VPS for this account.", None),
    (Code.ADD_CARD, "Add a payment card in HostUp's panel.", None),
    (Code.ASK_ABOUT_BLOCKER, "HostUp's support can explain what is in the way.", None),
    (
        Code.CHOOSE_SIZE,
        "Plan again with another cpuCores, memoryGb or storageGb.",
        "Choose another size.",
    ),
    (
        Code.CHOOSE_REGION,
        "Plan again with a listed region, or none.",
        "Choose another region.",
    ),
]

WORDS += [
    # Health of a server's backups
    (Code.NONE_COMPLETE, "None of its backups looks complete.", None),
    (NewestOld(timedelta(days=2)), "The newest complete backup is older than 2 days.", None),
    (
        RecencyUnknown(2),
        "Whether a backup is recent is not known; without a usable date: 2.",
        None,
    ),
    (
        NewestDoubtful("bkp_1"),
        "The newest backup, bkp_1, may be incomplete.",
        "The newest backup may be incomplete.",
    ),
    (
        SlotsFull("bkp_1", WHEN),
        f"{SLOTS}; the likeliest to be removed for another is bkp_1 from Mon 2026-04-27 10:00 UTC.",
        f"{SLOTS}; the likeliest to be removed for another is the backup from Mon 2026-04-27 10:00 "
        "UTC.",
    ),
    (
        SlotsFull(None, None),
        f"{SLOTS}; which backup would be removed for another is not known.",
        None,
    ),
    (
        RestoreClosed(GateClosed(None, "busy")),
        "No backup can be restored now: HostUp does not allow this and gave no reason, only the "
        'code "busy".',
        "No backup can be restored now. HostUp does not allow this and gave no reason, only the "
        "code “busy”.",
    ),
    (
        RestoreClosed(GateClosed("Busy.", None)),
        'No backup can be restored now: "Busy."',
        "No backup can be restored now. HostUp says: “Busy.”",
    ),
    (
        CreateClosed(GateClosed("Busy.", None)),
        'No backup can be made now: "Busy."',
        "No backup can be made now. HostUp says: “Busy.”",
    ),
    (ServiceNotActive("suspended"), "The service is suspended.", None),
    (
        ServiceNotActive("on hold"),
        'The service is not active: "on hold".',
        "The service is not active: “on hold”.",
    ),
    (Unreadable("backups", "timed_out"), "Its backups could not be read (timed_out).", None),
    (Unreadable("schedules", "forbidden"), "Its schedules could not be read (forbidden).", None),
]


@pytest.mark.parametrize(
    ("finding", "model", "user"), WORDS, ids=[finding_code(finding) for finding, *_ in WORDS]
)
def test_words_of_each_finding(finding: Finding, model: str, user: str | None) -> None:
    assert for_model(finding, UTC) == model
    assert for_user(finding, Viewer()) == (model if user is None else user)


def test_a_new_backup_has_a_stated_limit() -> None:
    limit = f"under {formats.span(STILL_WRITING)} old"
    assert limit in for_model(Code.BACKUP_NEW, UTC)
    assert limit in for_user(Code.BACKUP_NEW, Viewer())


def test_every_code_has_tested_words() -> None:
    assert set(TEXTS) == set(Code)
    assert {finding_code(finding) for finding, *_ in WORDS} == set(Code)


def test_user_reads_no_ids_or_tools() -> None:
    tools = (
        "list_vps",
        "verify_recovery",
        "get_job",
        "new_cloud_vps",
        "canRestore",
        "backup_id",
        "hostup_code",
    )
    for code in Code:
        words = TEXTS[code].user.replace("{hostup_code}", "")
        assert not any(tool in words for tool in tools), code
