"""What is suggested to a user: what would unblock an action, what to do first, other ways."""

from __future__ import annotations

from collections.abc import Mapping

from hostup_mcp.hostup.address import KEYS_PAGE
from hostup_mcp.recovery.codes import Code
from hostup_mcp.wording.text import Text, both

_UNKNOWN = "another one, it is not known which"
_NO_SLOT = "no slot is known to be free"
_NOT_FIRST = f"Do not back up the current state first: {_NO_SLOT}, and HostUp may remove the oldest"


def _evicts(model: str, user: str) -> Text:
    start = "Backing up the current state first ({where:finding}) may make HostUp remove"
    return Text(
        f"{start} {model}: {_NO_SLOT}. The user decides.",
        f"{start} {user}: {_NO_SLOT}. It is your choice.",
    )


SUGGESTIONS: Mapping[Code, Text] = {
    # Steps that would unblock an action
    Code.COMPLETE_ORDER: both("Complete or cancel the pending order in HostUp's panel."),
    Code.FINISH_ORDER: both("The service is pending: complete its order in HostUp's panel."),
    Code.PAY_INVOICE: both("Pay the open invoice in HostUp's panel."),
    Code.LIFT_SUSPENSION: both(
        "The service is suspended: pay any overdue invoice in HostUp's panel; if there is none, "
        "only HostUp's support can lift it."
    ),
    Code.USE_OTHER_SERVER: Text(
        "The hosting of this VPS has ended. If the user has another, active VPS, "
        "list_restore_sources of that one shows whether these backups can be restored onto it.",
        "The hosting of this server has ended. If you have another, active server, its backups may "
        "be restorable onto that one.",
    ),
    Code.CONTACT_SUPPORT: both("Only HostUp's support can remove this restriction."),
    Code.TRY_LATER: Text(
        "This should pass by itself: call list_vps_backups again in a few minutes; if three tries "
        "show no change, HostUp's panel or support can say why.",
        "This should pass by itself: check again in a few minutes; if it stays, HostUp's panel or "
        "support can say why.",
    ),
    Code.CHECK_SCOPE: Text(
        "The key may lack a scope (backup:vm for backups, restores and snapshots); check it at "
        f"{KEYS_PAGE}.",
        "The API key may lack a permission (the scope backup:vm); check it on HostUp's page for "
        "API keys.",
    ),
    Code.EXPLAIN_REASON: Text(
        "If HostUp's reason is temporary, call list_vps_backups again in a few minutes; if not, "
        "only HostUp's support can explain it.",
        "If this reason is temporary, try again later; if not, only HostUp's support can explain "
        "it.",
    ),
    Code.ASK_WHY: both(
        "HostUp's panel may show why; if it does not, only HostUp's support can explain it."
    ),
    Code.ASK_WHETHER: both("Check in HostUp's panel whether this is allowed."),
    Code.COMPARE_PANEL: both("Check in HostUp's panel, which may show backups not listed here."),
    Code.ONLY_CURRENT_STATE: both(
        "A restore needs a backup, and one made now holds only the current state."
    ),
    Code.GET_SLOTS: both("All backup slots are in use; more can be bought in HostUp's panel."),
    Code.CHOOSE_BACKUP: both("List the backups again and choose one that is there."),
    Code.CHOOSE_SNAPSHOT: Text(
        "Call list_vps_snapshots again and choose one that is there.",
        "List the snapshots again and choose one that is there.",
    ),
    Code.USE_BACKUP: Text(
        "Choose a backup of list_vps_backups instead.", "Choose a backup instead."
    ),
    Code.GET_LARGER_DISK: Text(
        "A larger disk for this VPS can be ordered in HostUp's panel.",
        "A larger disk for this server can be ordered in HostUp's panel.",
    ),
    Code.VERIFY_ACCOUNT: both("Verify the account in HostUp's panel."),
    Code.ENABLE_CLOUD: both("Ask HostUp's support to enable Cloud VPS for this account."),
    Code.ADD_CARD: both("Add a payment card in HostUp's panel."),
    Code.RAISE_LIMIT: both("Choose a smaller size, or ask for a higher limit in HostUp's panel."),
    Code.RAISE_SERVER_LIMIT: both(
        "End another pay-as-you-go server, or ask for a higher limit, in HostUp's panel."
    ),
    Code.ASK_ABOUT_BLOCKER: both("HostUp's support can explain what is in the way."),
    Code.CHOOSE_SIZE: Text(
        "Plan again with another cpuCores, memoryGb or storageGb.", "Choose another size."
    ),
    Code.CHOOSE_REGION: Text("Plan again with a listed region, or none.", "Choose another region."),
    # Alternatives
    Code.USE_NEW_SERVER: Text(
        "mode new_cloud_vps: a new, paid VPS; this one is not changed, and single files can be "
        "copied over.",
        "A new, paid server from the backup: this one is not changed, and single files can be "
        "copied over.",
    ),
    Code.NEW_SERVER_ELSEWHERE: Text(
        "a new, paid VPS, which leaves this one unchanged; not from here, but in HostUp's panel.",
        "A new, paid server from the backup leaves this one unchanged. It cannot be built from "
        "here, but in HostUp's panel.",
    ),
    Code.NEW_SERVER_FROM: Text(
        "mode new_cloud_vps of {source_id}: a new, paid VPS from that backup; this one is not "
        "changed.",
        "A new, paid server from the other server's backup: this one is not changed.",
    ),
    Code.NEWER_SNAPSHOT: Text(
        "The newer snapshot {name:quoted} ({age:span} old) would lose less: plan_restore, mode "
        "snapshot.",
        "The snapshot “{name}” of {created:moment} is newer, {age:span} old: restoring it would "
        "lose less.",
    ),
    Code.SNAPSHOT_INSTEAD: Text(
        "The snapshot {name:quoted} ({age:span} old) can be restored: plan_restore, mode snapshot.",
        "There is a snapshot, “{name}” of {created:moment}, {age:span} old, that can be restored.",
    ),
    # Precautions
    Code.WITH_TOOL: Text("with create_vps_backup", "the assistant can do it"),
    Code.IN_PANEL: both("in HostUp's panel"),
    Code.BACK_UP_FIRST: Text(
        "Back up the current state {where:finding}.",
        "Back up the current state ({where:finding}), so that this can be undone.",
    ),
    Code.BACKED_UP: Text(
        "The current state was backed up {age:span} ago ({backup_id}), so this can be undone.",
        "The current state was backed up {age:span} ago, so this can be undone.",
    ),
    Code.BACKED_UP_NOW: Text(
        "A backup of the current state was begun {age:span} ago ({backup_id}): wait until it is "
        "15 minutes old, as HostUp does not say whether it is finished.",
        "A backup of the current state was begun {age:span} ago: wait until it is 15 minutes old, "
        "as HostUp does not say whether it is finished.",
    ),
    Code.MAY_BACK_UP: both(
        "Back up the current state in HostUp's panel, if it is allowed there: HostUp's response "
        "does not say."
    ),
    Code.EVICTS_OLDEST: _evicts(
        "the oldest backup, {backup_id} from {created:moment}",
        "the oldest backup, the one from {created:moment}",
    ),
    Code.EVICTS_NOTED: _evicts(
        "the oldest backup, {backup_id} from {created:moment}, note {note:quoted}",
        "the oldest backup, the one from {created:moment} with the note “{note}”",
    ),
    Code.EVICTS_UNDATED: _evicts(_UNKNOWN, _UNKNOWN),
    Code.EVICTS_POINT: both(f"{_NOT_FIRST}, which is the one to restore."),
    Code.MAY_EVICT_POINT: both(f"{_NOT_FIRST}, which may be the one to restore."),
    Code.CANNOT_BACK_UP: Text(
        "The current state cannot be backed up now: {because:quoted}",
        "The current state cannot be backed up now. {because}",
    ),
    Code.CANNOT_BACK_UP_STEP: Text(
        "The current state cannot be backed up now: {because:quoted} {step:finding}",
        "The current state cannot be backed up now. {because} {step:finding}",
    ),
}
