"""The code of every finding. They are stable: programs and the panel depend on them."""

from __future__ import annotations

from enum import StrEnum


class Code(StrEnum):
    """What a finding says."""

    # Reasons
    GATE_OPEN = "gate_open"
    GATE_OPEN_REMARK = "gate_open_remark"
    GATE_CLOSED = "gate_closed"
    GATE_CLOSED_CODE = "gate_closed_code"
    GATE_CLOSED_REASON = "gate_closed_reason"
    GATE_MISSING = "gate_missing"
    QUOTA_READS_FULL = "quota_reads_full"
    QUOTA_UNKNOWN = "quota_unknown"
    NO_BACKUPS = "no_backups"
    BACKUPS_HIDDEN = "backups_hidden"
    BACKUPS_INCOMPLETE = "backups_incomplete"
    EVICTS_HIDDEN = "evicts_hidden"
    BACKUP_MISSING = "backup_missing"
    NO_SNAPSHOTS = "no_snapshots"
    NO_SNAPSHOTS_REASON = "no_snapshots_reason"
    SNAPSHOT_MISSING = "snapshot_missing"
    SNAPSHOT_EXPIRED = "snapshot_expired"
    MAY_NOT_FIT = "may_not_fit"
    SIZE_MISSING = "size_missing"

    # Steps that would unblock an action
    COMPLETE_ORDER = "complete_order"
    PAY_INVOICE = "pay_invoice"
    LIFT_SUSPENSION = "lift_suspension"
    USE_OTHER_SERVER = "use_other_server"
    CONTACT_SUPPORT = "contact_support"
    TRY_LATER = "try_later"
    CHECK_SCOPE = "check_scope"
    EXPLAIN_REASON = "explain_reason"
    ASK_WHY = "ask_why"
    ASK_WHETHER = "ask_whether"
    COMPARE_PANEL = "compare_panel"
    ONLY_CURRENT_STATE = "only_current_state"
    GET_SLOTS = "get_slots"

    # Why it cannot be carried out from here, and who can change that
    LOCKED = "locked"
    UNLOCK_BY_SETTING = "unlock_by_setting"
    UNLOCK_FOR_CALLER = "unlock_for_caller"
    CLIENT_CANNOT_ASK = "client_cannot_ask"
    USE_ASKING_CLIENT = "use_asking_client"
    USE_NEWER_CLIENT = "use_newer_client"
    KEY_REFUSED = "key_refused"
    CHECKED_AGAIN = "checked_again"
    REMEMBERED_UNTIL = "remembered_until"
    STORE_UNAVAILABLE = "store_unavailable"
    JOB_RUNNING = "job_running"
    USE_PANEL = "use_panel"

    # Advice
    DATES_UNKNOWN = "dates_unknown"
    DATES_IN_FUTURE = "dates_in_future"
    NO_RECENT_BACKUP = "no_recent_backup"
    NO_COMPLETE_BACKUP = "no_complete_backup"
    CLOCK_BEHIND = "clock_behind"
    CLOCK_AHEAD = "clock_ahead"

    # Why a backup may be incomplete
    BACKUP_EMPTY = "backup_empty"
    BACKUP_SMALL = "backup_small"
    BACKUP_NEW = "backup_new"

    # Schedules
    SCHEDULE_OVERDUE = "schedule_overdue"
    SCHEDULE_STALE = "schedule_stale"
    SCHEDULE_NEVER_RAN = "schedule_never_ran"
    RUN_FAILED = "run_failed"
    RUN_FAILED_REASON = "run_failed_reason"
    MORE_RUNS_FAILED = "more_runs_failed"
    NO_SCHEDULE_ON = "no_schedule_on"

    # Health of a server's backups
    NONE_COMPLETE = "none_complete"
    NEWEST_OLD = "newest_old"
    RECENCY_UNKNOWN = "recency_unknown"
    NEWEST_DOUBTFUL = "newest_doubtful"
    SLOTS_FULL = "slots_full"
    SLOTS_FULL_UNDATED = "slots_full_undated"
    RESTORE_CLOSED = "restore_closed"
    CREATE_CLOSED = "create_closed"
    SERVICE_SUSPENDED = "service_suspended"
    SERVICE_NOT_ACTIVE = "service_not_active"
    BACKUPS_UNREADABLE = "backups_unreadable"
    SCHEDULES_UNREADABLE = "schedules_unreadable"

    # Data loss
    CHANGES = "changes"
    CHANGES_UNKNOWN = "changes_unknown"
    EVERYTHING = "everything"
    EVERYTHING_FOR_STATE = "everything_for_state"
    EVERYTHING_FOR_UNKNOWN = "everything_for_unknown"
    NOTHING = "nothing"
    LOSS_UNKNOWN = "loss_unknown"

    # Side effects
    DISK_REPLACED = "disk_replaced"
    POWER_STATE_UNKNOWN = "power_state_unknown"
    SERVER_STOPPED = "server_stopped"
    NETWORK_KEPT = "network_kept"
    COSTS_MONEY = "costs_money"
    NEW_ADDRESS = "new_address"
    MAY_BE_REFUSED = "may_be_refused"
    DISK_ROLLED_BACK = "disk_rolled_back"
    MEMORY_RESUMED = "memory_resumed"
    COLD_START = "cold_start"

    # Alternatives
    USE_NEW_SERVER = "use_new_server"
    USE_SNAPSHOT = "use_snapshot"

    # Precautions
    BACK_UP_FIRST = "back_up_first"
    MAY_BACK_UP = "may_back_up"
    EVICTS_OLDEST = "evicts_oldest"
    EVICTS_UNDATED = "evicts_undated"
    EVICTS_POINT = "evicts_point"
    MAY_EVICT_POINT = "may_evict_point"
    CANNOT_BACK_UP = "cannot_back_up"
    OLDEST = "oldest"
    OLDEST_OTHER = "oldest_other"
    OLDEST_DATED = "oldest_dated"
    OLDEST_OTHER_DATED = "oldest_other_dated"

    # What makes a backup hard to replace
    ONLY_BACKUP = "only_backup"
    LAST_COMPLETE_BACKUP = "last_complete_backup"
    NEWEST_BACKUP = "newest_backup"

    # Evidence: what was seen after a restore
    RESTORE_SUCCEEDED = "restore_succeeded"
    RESTORE_FAILED = "restore_failed"
    RESTORE_FAILED_REASON = "restore_failed_reason"
    RESTORE_ENDED = "restore_ended"
    RESTORE_ENDED_REASON = "restore_ended_reason"
    RESTORE_RUNNING = "restore_running"
    RESTORE_GONE = "restore_gone"
    RESTORE_UNCLEAR = "restore_unclear"
    RESTORE_WITHOUT_JOB = "restore_without_job"
    RESTORE_UNCONFIRMED = "restore_unconfirmed"
    POWER_RUNNING = "power_running"
    POWER_LOST = "power_lost"
    POWER_OFF = "power_off"
    POWER_OTHER = "power_other"
    POWER_UNKNOWN = "power_unknown"
    NOT_RESTARTED = "not_restarted"
    AGENT_ANSWERS = "agent_answers"
    AGENT_LOST = "agent_lost"
    AGENT_SILENT = "agent_silent"
    AGENT_UNKNOWN = "agent_unknown"
    DISKS_LISTED = "disks_listed"
    DISKS_LOST = "disks_lost"
    DISKS_UNKNOWN = "disks_unknown"
    PORT_SPEAKS_TLS = "port_speaks_tls"
    PORT_SPEAKS_HTTP = "port_speaks_http"
    PORT_ACCEPTS = "port_accepts"
    PORT_MUTE = "port_mute"
    PORT_LOST = "port_lost"
    PORT_SILENT = "port_silent"

    # What else shows whether a server is back
    WAIT_FOR_RESTORE = "wait_for_restore"
    LOOK_AGAIN = "look_again"
    LOOK_AGAIN_SOON = "look_again_soon"
    LOOK_UP_WRITE = "look_up_write"
    START_SERVER = "start_server"
    OPEN_CONSOLE = "open_console"
    USE_SERVER = "use_server"
    ENABLE_PROBE = "enable_probe"
