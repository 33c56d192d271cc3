"""What is seen after a restore, in Swedish. `wording.evidence` has the English texts."""

from __future__ import annotations

from collections.abc import Mapping

from hostup_mcp.recovery.codes import Code

_SAID = "HostUp uppger: ”{said}”"
_FAILED = "HostUp rapporterar att återställningen misslyckades."
_ENDED = "HostUp rapporterar att återställningen avslutades utan att lyckas."

EVIDENCE: Mapping[Code, str] = {
    Code.RESTORE_SUCCEEDED: "HostUp rapporterar att återställningen är klar, men det visar inte "
    "att servern fungerar.",
    Code.RESTORE_FAILED: _FAILED,
    Code.RESTORE_FAILED_REASON: f"{_FAILED} {_SAID}",
    Code.RESTORE_ENDED: _ENDED,
    Code.RESTORE_ENDED_REASON: f"{_ENDED} {_SAID}",
    Code.RESTORE_RUNNING: "Återställningen pågår fortfarande.",
    Code.RESTORE_GONE: "HostUp känner inte längre till jobbet, så det är okänt hur återställningen "
    "gick.",
    Code.RESTORE_UNCLEAR: "Det gick inte att läsa om återställningen är avslutad.",
    Code.RESTORE_WITHOUT_JOB: "HostUp tog emot återställningen; inget jobb för den är känt, så "
    "det är okänt om den är avslutad.",
    Code.RESTORE_UNCONFIRMED: "Det är inte känt om HostUp genomförde återställningen.",
    Code.POWER_RUNNING: "HostUp anger att servern är igång, men det visar inte att dess system har "
    "startat.",
    Code.POWER_LOST: "HostUp visar serverns läge som ”{state}”; före återställningen var den "
    "igång.",
    Code.POWER_OFF: "HostUp visar serverns läge som ”{state}”.",
    Code.POWER_OTHER: "HostUp visar strömläget ”{state}”.",
    Code.POWER_UNKNOWN: "Det är inte känt om servern är på eller av.",
    Code.NOT_RESTARTED: "Enligt den drifttid som HostUp anger har servern varit igång sedan "
    "{since:moment}, innan återställningen skickades: det som svarar är kanske inte det "
    "som återställdes.",
    Code.AGENT_ANSWERS: "Gästagenten svarar: serverns system är igång.",
    Code.AGENT_LOST: "Gästagenten svarar inte; före återställningen gjorde den det.",
    Code.AGENT_SILENT: "Gästagenten svarar inte; servern kanske inte har någon.",
    Code.AGENT_UNKNOWN: "Det gick inte att läsa om gästagenten svarar.",
    Code.DISKS_LISTED: "HostUp visar dess diskar ({count}), men inte om de innehåller backupen.",
    Code.DISKS_LOST: "HostUp visar färre diskar ({now}) än före återställningen ({before}).",
    Code.DISKS_UNKNOWN: "Diskarna kunde inte läsas.",
    Code.PORT_SPEAKS_TLS: "Port {port} svarar med TLS.",
    Code.PORT_SPEAKS_HTTP: "Port {port} svarar med HTTP-status {status}.",
    Code.PORT_ACCEPTS: "Port {port} tar emot anslutningar.",
    Code.PORT_MUTE: "Port {port} tar emot anslutningar men skickar inget; före återställningen "
    "gjorde den det.",
    Code.PORT_LOST: "Port {port} svarar inte; före återställningen gjorde den det.",
    Code.PORT_SILENT: "Port {port} svarar inte.",
    # What else shows whether a server is back
    Code.WAIT_FOR_RESTORE: "Vänta tills återställningen är avslutad och kontrollera sedan igen.",
    Code.LOOK_AGAIN: "Den kan fortfarande hinna starta fram till {until:moment}: kontrollera igen "
    "efter det.",
    Code.LOOK_AGAIN_SOON: "Den kanske fortfarande håller på att starta: kontrollera igen om en "
    "minut.",
    Code.LOOK_UP_WRITE: "Assistenten kan se i HostUps granskningslogg om den togs emot.",
    Code.START_WITH_TOOL: "Assistenten kan starta den.",
    Code.START_SERVER: "Den kan startas i HostUps panel.",
    Code.OPEN_CONSOLE: "Konsolen i HostUps panel visar vad som står på serverns skärm.",
    Code.USE_SERVER: "Om programmen fungerar märks först när de används: öppna webbplatsen eller "
    "logga in.",
    Code.ENABLE_PROBE: "Med HOSTUP_MCP_PROBE=1 kontrollerar det här programmet också om portarna "
    "22, 80 och 443 svarar.",
}
