"""What a user reads of each finding, in Swedish. `catalog` has the English texts.

`{name}` and `{name:format}` stand for the same facts in the same formats as there.
"""

from __future__ import annotations

from collections.abc import Mapping

from hostup_mcp.recovery.codes import Code
from hostup_mcp.wording.swedish.evidence import EVIDENCE
from hostup_mcp.wording.swedish.here import HERE
from hostup_mcp.wording.swedish.suggestions import SUGGESTIONS

_SAID = "HostUp uppger: ”{said}”"
_FULL = "Alla backupplatser är upptagna"
_NOT_FREE = "Det är inte känt om någon backupplats är ledig"
_MAY_REMOVE = "HostUp kan ta bort en backup för att ge plats åt en ny."
_LOST = "Allt på den här servern skulle gå förlorat."
_OTHERS_DATA = f"{_LOST} Servern skulle då innehålla den andra serverns data,"
_PAID = "En ny server skapas och kostar pengar så länge den finns. Priset är okänt:"

FINDINGS: Mapping[Code, str] = {
    # Reasons
    Code.GATE_OPEN: "HostUp tillåter det.",
    Code.GATE_OPEN_REMARK: _SAID,
    Code.GATE_CLOSED: "HostUp tillåter inte det här och har inte angett varför.",
    Code.GATE_CLOSED_CODE: "HostUp tillåter inte det här och har inte angett varför, bara koden "
    "”{hostup_code}”.",
    Code.GATE_CLOSED_REASON: _SAID,
    Code.GATE_MISSING: "HostUp anger inte om det här är tillåtet.",
    Code.QUOTA_READS_FULL: f"Enligt HostUps siffror är alla backupplatser upptagna: {_MAY_REMOVE}",
    Code.QUOTA_UNKNOWN: f"{_NOT_FREE}: {_MAY_REMOVE}",
    Code.WOULD_EVICT: "Troligast är det den äldsta, från {created:moment}.",
    Code.WOULD_EVICT_NOTED: "Troligast är det den äldsta, från {created:moment}, med anteckningen "
    "”{note}”.",
    Code.BACKUPS_HIDDEN: "Det finns fler backuper ({counted}) än som kan visas ({listed}): några "
    "kan vara ofärdiga, oläsbara eller dolda för den här API-nyckeln.",
    Code.BACKUPS_INCOMPLETE: "HostUp uppger att det finns fler backuper än de som visas "
    "({listed}), men inte hur man får fram dem.",
    Code.EVICTS_HIDDEN: "Det kan vara en som inte visas här.",
    Code.NO_BACKUPS: "Den här servern har ingen backup att återställa.",
    Code.BACKUP_MISSING: "Den här backupen finns inte i HostUps lista; den kan ha tagits bort.",
    Code.NO_SNAPSHOTS: "Den här servern kan inte ha snapshots.",
    Code.NO_SNAPSHOTS_REASON: _SAID,
    Code.SNAPSHOT_MISSING: "Den här snapshoten finns inte i HostUps lista; en snapshot sparas i "
    "ungefär 24 timmar.",
    Code.SNAPSHOT_EXPIRED: "Den här snapshoten skulle tas bort {expired:moment}; den kan försvinna "
    "när som helst.",
    Code.MAY_NOT_FIT: "Backupen är {backup_gb:size} och den här serverns disk {disk_gb:size}: den "
    "kanske inte får plats.",
    Code.SIZE_MISSING: "HostUp anger inte hur stor backupen eller den här serverns disk är, så den "
    "kanske inte får plats.",
    Code.ACCOUNT_BLOCKED: "HostUp låter inte det här kontot skapa en ny server.",
    Code.ACCOUNT_BLOCKED_REASON: _SAID,
    Code.ACCOUNT_CONTRADICTION: "HostUp tillåter en ny server, men uppger också att något hindrar "
    "det.",
    Code.ACCOUNT_NOT_VERIFIED: "Kontot är inte verifierat.",
    Code.NO_CLOUD_ACCESS: "Cloud VPS är inte aktiverat för det här kontot.",
    Code.NO_CARD: "Kontot har inget betalkort.",
    Code.CPU_LIMIT: "Kontots gräns för antalet CPU-kärnor är nådd.",
    Code.MEMORY_LIMIT: "Kontots gräns för minne är nådd.",
    Code.STORAGE_LIMIT: "Kontots gräns för lagring är nådd.",
    Code.SERVER_LIMIT: "Kontots gräns för antalet timdebiterade servrar är nådd.",
    Code.UNPAID_INVOICE: "En faktura är obetald.",
    Code.OTHER_BLOCKER: "HostUp anger ett hinder: ”{word}”.",
    Code.ABOVE_LIMIT: "Den nya servern kräver {wanted} {of:finding}; inom kontots gräns "
    "återstår {left}.",
    Code.TOO_LARGE: "HostUp tillåter högst {most} {of:finding}, inte {wanted}.",
    Code.TOO_SMALL: "HostUp kräver minst {least} {of:finding}, inte {wanted}.",
    Code.NEW_DISK_SMALL: "Backupen är {backup_gb:size} och den nya serverns disk {disk_gb:size}: "
    "den kanske inte får plats.",
    Code.NEW_SIZE_UNKNOWN: "HostUp anger inte den här serverns storlek, så den nya serverns måste "
    "anges.",
    Code.REGION_UNKNOWN: "Regionen ”{region}” finns inte i HostUps lista; där finns ”{listed}”.",
    # What is counted
    Code.CPU_CORES: "CPU-kärnor",
    Code.GB_OF_MEMORY: "GB minne",
    Code.GB_OF_STORAGE: "GB lagring",
    Code.CLOUD_SERVERS: "timdebiterad server",
    # Advice
    Code.DATES_UNKNOWN: "Några backuper har inget känt datum: de står sist och kan vara nyare än "
    "de andra.",
    Code.DATES_IN_FUTURE: "Några backuper har ett datum i framtiden: de står sist och kan vara "
    "nyare eller äldre än de andra.",
    Code.NO_RECENT_BACKUP: "Ingen fullständig backup är, såvitt känt, från de senaste 24 timmarna.",
    Code.RESTORED_SINCE: "Den här servern återställdes {at:moment}, för {ago:span} sedan, enligt "
    "HostUp: bara det som har skrivits sedan dess skulle gå förlorat.",
    Code.RESTORE_SENT_SINCE: "En återställning av den här servern skickades {at:moment}, för "
    "{ago:span} sedan; det är inte känt hur den slutade. Om den lyckades skulle bara det som har "
    "skrivits sedan dess gå förlorat.",
    Code.RESTORE_FAILED_SINCE: "En återställning av den här servern som skickades {at:moment}, för "
    "{ago:span} sedan, lyckades inte: det är inte känt vad dess disk innehåller nu.",
    Code.WRITE_UNSETTLED: "En ändring av den här servern skickades {sent:moment}, och det är inte "
    "känt vad den ledde till: upprepa den inte före {until:moment}.",
    Code.NO_COMPLETE_BACKUP: "Alla backuper i listan kan vara ofullständiga.",
    Code.CLOCK_BEHIND: "Den här datorns klocka går {by:span} efter HostUps; åldrar räknas efter "
    "HostUps klocka.",
    Code.CLOCK_AHEAD: "Den här datorns klocka går {by:span} före HostUps; åldrar räknas efter "
    "HostUps klocka.",
    # Why a backup may be incomplete
    Code.BACKUP_EMPTY: "Den här backupen är 0 GB: den är troligen tom eller ofärdig.",
    Code.BACKUP_SMALL: "Den här backupen är {size_gb:size} och de andra ungefär {usual_gb:size}: "
    "den kan vara ofullständig.",
    Code.BACKUP_NEW: "Den här backupen är yngre än 15 minuter: HostUp anger inte om en backup är "
    "färdig.",
    # Schedules
    Code.SCHEDULE_OVERDUE: "Ett backupschema är på (”{frequency}” enligt HostUp) men kördes senast "
    "{last_run:moment}: HostUp tar inte backuper enligt schemat.",
    Code.SCHEDULE_STALE: "Ett backupschema är på men kördes senast {last_run:moment}, för över en "
    "månad sedan: HostUp verkar inte ta backuper enligt schemat.",
    Code.SCHEDULE_NEVER_RAN: "Ett backupschema är på, men det är inte känt om det någonsin har "
    "körts.",
    Code.RUN_FAILED: "Backupen från {at:moment} har statusen ”{status}”: den kan ha misslyckats.",
    Code.RUN_FAILED_REASON: f"Backupen från {{at:moment}} misslyckades. {_SAID}",
    Code.MORE_RUNS_FAILED: "Tidigare backuper som också misslyckades, eller kan ha gjort det: "
    "{count}.",
    Code.NO_SCHEDULE_ON: "Ett schema har gjort {count} av dess backuper, men inget schema är på "
    "nu: HostUp tar inga fler automatiskt.",
    # Health of a server's backups
    Code.NONE_COMPLETE: "Ingen av dess backuper verkar fullständig.",
    Code.NEWEST_OLD: "Den nyaste fullständiga backupen är äldre än {limit:span}.",
    Code.RECENCY_UNKNOWN: "Det är inte känt om någon backup är ny nog; antal utan användbart "
    "datum: {undated}.",
    Code.NEWEST_DOUBTFUL: "Den nyaste backupen kan vara ofullständig.",
    Code.SLOTS_FULL: f"{_FULL}; troligast är att backupen från {{created:moment}} tas bort för en "
    "ny.",
    Code.SLOTS_FULL_UNDATED: f"{_FULL}; det är inte känt vilken backup som skulle tas bort för en "
    "ny.",
    Code.RESTORE_CLOSED: "Ingen backup kan återställas nu. {because}",
    Code.CREATE_CLOSED: "Ingen backup kan tas nu. {because}",
    Code.SERVICE_SUSPENDED: "Tjänsten är spärrad.",
    Code.SERVICE_NOT_ACTIVE: "Tjänsten är inte aktiv: ”{status}”.",
    Code.BACKUPS_UNREADABLE: "Dess backuper kunde inte läsas ({error}).",
    Code.SCHEDULES_UNREADABLE: "Dess scheman kunde inte läsas ({error}).",
    # What is known of the request that a backup may come from
    Code.BACKUP_UNCONFIRMED: "Den här backupen kan komma från begäran {sent:moment}, och det är "
    "inte känt vad den ledde till.",
    Code.BACKUP_OF_FAILED_JOB: "Den här backupen kan komma från begäran {sent:moment}, vars jobb "
    "inte lyckades.",
    # Data loss
    Code.CHANGES: "Allt som har skrivits sedan {since:moment} skulle gå förlorat (upp till "
    "{age:span}).",
    Code.CHANGES_FEW: "Den togs för {age:span} sedan: bara det som har skrivits sedan dess skulle "
    "gå förlorat.",
    Code.CHANGES_UNKNOWN: "Allt som har skrivits sedan backupen eller snapshoten togs skulle gå "
    "förlorat; datumet är okänt.",
    Code.EVERYTHING: _LOST,
    Code.EVERYTHING_FOR_STATE: f"{_OTHERS_DATA} så som de såg ut för {{age:span}} sedan.",
    Code.EVERYTHING_FOR_UNKNOWN: f"{_OTHERS_DATA} från ett okänt datum.",
    Code.NOTHING: "Ingenting: den nuvarande servern förblir som den är.",
    Code.LOSS_UNKNOWN: "Okänt: backupen eller snapshoten som ska återställas hittades inte.",
    # Side effects
    Code.DISK_REPLACED: "Disken byts ut; servern ligger nere under tiden.",
    Code.POWER_STATE_UNKNOWN: "HostUp anger inte om servern startas igen: kontrollera efteråt om "
    "den är på.",
    Code.POWER_STATE_STARTABLE: "HostUp anger inte om servern startas igen; assistenten kan "
    "starta den.",
    Code.SERVER_STOPPED: "Servern stoppas och disken byts ut.",
    Code.NETWORK_KEPT: "Den här serverns egna nätverksinställningar läggs in igen; den andra "
    "servern ändras inte.",
    Code.REHEARSAL_RUNS: "En övning pågår: ”{name}”, sedan {age:span} tillbaka, hittills ungefär "
    "{spent:money} ({per_hour:money} per timme, exklusive trafik och moms).",
    Code.REHEARSAL_UNPRICED: "En övning pågår: ”{name}”, sedan {age:span} tillbaka; det är inte "
    "känt vad den har kostat.",
    Code.REHEARSAL_ENDING: "En övning håller på att avslutas: ”{name}”; HostUp tog emot det för "
    "{since:span} sedan, men den finns fortfarande i HostUps lista.",
    Code.REHEARSAL_LOST: "En övning begärdes för {age:span} sedan, och det är inte känt om servern "
    "”{name}” skapades. Om den finns kostar den pengar.",
    Code.END_REHEARSAL: "När den inte behövs längre: be assistenten att avsluta den.",
    Code.CANCEL_IN_PANEL: "När den inte behövs längre: säg upp den servern i HostUps panel.",
    Code.PRICE: "En ny server skapas. Så länge den finns kostar den {per_hour:money} per timme, "
    "{per_month:money} per månad (720 h), för processor, minne, lagring och IP-adress, exklusive "
    "eventuell moms, enligt HostUp; trafik tillkommer.",
    Code.REHEARSAL_PRICE: "En ny server skapas. Så länge den finns kostar den {per_hour:money} per "
    "timme, {two_hours:money} för två timmar, för processor, minne, lagring och IP-adress, "
    "exklusive eventuell moms, enligt HostUp; trafik tillkommer.",
    Code.REHEARSAL_STAYS: "Den finns kvar tills den avslutas, här eller i HostUps panel.",
    Code.PRICE_UNKNOWN: f"{_PAID} HostUp uppger det inte; det kan finnas i HostUps panel.",
    Code.PRICES_DIFFER: f"{_PAID} HostUp uppger både {{per_hour:money}} och {{other:money}} per "
    "timme.",
    Code.TWIN_STARTS: "En kopia av en server i drift startar: schemalagda jobb, e-postkö och "
    "betalningar kan komma igång, så välj en tid då det inte gör någon skada.",
    Code.NEW_ADDRESS: "Den nya servern får en egen adress; DNS pekar fortfarande på den nuvarande.",
    Code.MAY_BE_REFUSED: "HostUp kan neka om kontot ännu inte får använda Cloud VPS.",
    Code.DISK_ROLLED_BACK: "Disken rullas tillbaka till snapshoten; servern ligger nere en kort "
    "stund.",
    Code.MEMORY_RESUMED: "Program som kördes när den togs fortsätter därifrån.",
    Code.COLD_START: "Servern startar som efter ett strömavbrott.",
    # What makes a backup hard to replace
    Code.ONLY_BACKUP: "Det är den ENDA backupen i listan: när den är raderad finns ingen att "
    "återställa.",
    Code.LAST_COMPLETE_BACKUP: "Det är den SISTA backupen som verkar fullständig: de andra kan "
    "vara tomma eller ofärdiga.",
    Code.ONLY_LISTED_BACKUP: "Det är den ENDA backupen i listan: det finns andra, men kanske ingen "
    "att återställa.",
    Code.LAST_COMPLETE_LISTED: "Det är den SISTA backupen i listan som verkar fullständig; det "
    "finns andra som inte visas.",
    Code.NEWEST_BACKUP: "Det är, eller kan vara, den NYASTE backupen: när den är raderad finns "
    "bara äldre kvar.",
    # After a restore
    Code.WAY_BACK: "Den nyaste backupen från före återställningen är den från {created:moment}.",
    Code.WAY_BACK_RESTORED: "Det finns ingen backup av det som skrevs över: den nyaste backupen "
    "från före återställningen är den som återställdes.",
    Code.WAY_BACK_UNKNOWN: "Det är inte känt om det finns en väg tillbaka: HostUp räknar backuper "
    "som inte finns i listan.",
    Code.NO_WAY_BACK: "Det finns ingen backup av det som skrevs över: HostUp visar ingen från "
    "före återställningen.",
    **HERE,
    **SUGGESTIONS,
    **EVIDENCE,
}
