"""The sentences of questions to the user, in Swedish. `question_texts` has the English ones."""

from __future__ import annotations

from collections.abc import Mapping

from hostup_mcp.wording.question_texts import Words

QUESTIONS: Mapping[Words, str] = {
    Words.RESTORE_BACKUP: "Vill du återställa {server} till backupen från {made:moment}?",
    Words.RESTORE_SNAPSHOT: "Vill du återställa {server} till snapshoten från {made:moment}?",
    Words.RESTORE_OTHER: "Vill du återställa {server} till en annan servers backup från "
    "{made:moment}?",
    Words.BUILD_SERVER: "Vill du skapa en ny server mot betalning ({size:part}) från backupen "
    "av {server} från {made:moment}?",
    Words.REHEARSE: "Övning: vill du skapa en tillfällig server mot betalning ({size:part}) "
    "från backupen av {server} från {made:moment}?",
    Words.END_REHEARSAL: "Vill du avsluta övningen och genast säga upp {server}?",
    Words.MAKE_BACKUP: "Vill du ta en backup av {server}, även om HostUp då kan radera en annan?",
    Words.DELETE_BACKUP: "Vill du radera backupen av {server} från {made:moment} permanent?",
    Words.DELETE_SNAPSHOT: "Vill du radera snapshoten av {server} från {made:moment} permanent?",
    Words.SET_SCHEDULE: "Vill du att HostUp tar backup av {server} {when:part} och behåller "
    "{count} st?",
    Words.TURN_SCHEDULE_OFF: "Vill du STÄNGA AV de automatiska backuperna av {server}?",
    Words.SET_RETENTION: "Vill du ändra hur många backuper HostUp behåller av {server}?",
    Words.SHUT_DOWN: "Vill du stänga av {server}?",
    Words.RESTART: "Vill du starta om {server}?",
    Words.SWITCH_OFF: "Vill du bryta strömmen till {server}?",
    Words.LOSES_CHANGES: "DATAFÖRLUST: allt som har skrivits sedan dess (upp till {age:span}).",
    Words.LOSES_UNKNOWN: "DATAFÖRLUST: allt som har skrivits sedan dess; datumet är okänt.",
    Words.LOSES_EVERYTHING: "DATAFÖRLUST: allt på servern. Den får den andra serverns data.",
    Words.NOTHING_LOST: "Originalet ändras inte.",
    Words.LOSES_REHEARSAL: "DATAFÖRLUST: allt som har skrivits på den servern.",
    Words.CHARGE_END_UNKNOWN: "HostUp dokumenterar inte när timdebiteringen upphör.",
    Words.CANNOT_BE_UNDONE: "Det går inte att ångra.",
    Words.DISK_REPLACED: "Disken byts ut; servern ligger nere under tiden.",
    Words.POWER_STATE_UNKNOWN: "HostUp anger inte om servern startas igen.",
    Words.SERVER_STOPPED: "Servern stoppas och disken byts ut.",
    Words.NETWORK_KEPT: "Den behåller sina egna nätverksinställningar.",
    Words.PRICE: "Så länge den finns: {hour:money}/timme, {month:money}/månad (720 h), exkl. "
    "ev. moms, enligt HostUp: CPU, minne, disk, IP; trafik tillkommer.",
    Words.PRICE_UNKNOWN: "Den kostar pengar så länge den finns. Priset är okänt: HostUp uppger det "
    "inte.",
    Words.REHEARSAL_PRICE: "{two:money} för två timmar, {hour:money}/timme tills den avslutas, "
    "exkl. ev. moms, enligt HostUp: CPU, minne, disk, IP; trafik tillkommer.",
    Words.BETTER_TIME: "Öva när det inte gör skada.",
    Words.PRICES_DIFFER: "Den kostar pengar så länge den finns. Priset är okänt: HostUp uppger "
    "både {hour:money} och {other:money} per timme.",
    Words.TWIN_STARTS: "En kopia av en server i drift startar: schemalagda jobb, e-postkö och "
    "betalningar kan komma igång.",
    Words.NEW_ADDRESS: "Den får en egen adress.",
    Words.MAY_BE_REFUSED: "HostUp kan ändå neka.",
    Words.DISK_ROLLED_BACK: "Disken rullas tillbaka; servern ligger nere en kort stund.",
    Words.MEMORY_RESUMED: "Program som kördes när snapshoten togs fortsätter därifrån.",
    Words.COLD_START: "Servern startar som efter ett strömavbrott.",
    Words.NEW_SIZE: "{cores} CPU-kärnor, {memory:size} minne, {disk:size} disk",
    Words.DEFAULT_REGION: "Region: HostUps standard.",
    Words.SIZE: "Storlek: {size:size}.",
    Words.BACKUP_EMPTY: "Backupen är 0 GB: den är troligen tom eller ofärdig.",
    Words.BACKUP_SMALL: "Backupen är {size:size}, de andra ungefär {usual:size}: den kan vara "
    "ofullständig.",
    Words.BACKUP_NEW: "Backupen är bara några minuter gammal: den kan vara ofärdig.",
    Words.BACKUP_UNCONFIRMED: "Backupen kan komma från en begäran vars utgång inte är känd.",
    Words.BACKUP_OF_FAILED_JOB: "Backupen kan komma från en begäran vars jobb inte lyckades.",
    Words.ONLY_SNAPSHOT: "Det är den ENDA snapshoten i listan.",
    Words.SLOTS_FULL: "Alla backupplatser är upptagna.",
    Words.SLOTS_FULL_COUNTED: "Alla backupplatser är upptagna ({used} av {limit}).",
    Words.SLOTS_UNKNOWN: "Det är inte känt om någon backupplats är ledig.",
    Words.LIKELIEST: "Troligast raderas den äldsta, från {made:moment}; HostUp dokumenterar inte "
    "vilken.",
    Words.LIKELIEST_UNKNOWN: "Okänt vilken.",
    Words.LIKELIEST_UNLISTED: "Okänt vilken; det kan vara en utanför listan.",
    Words.LAST_COMPLETE: "Den SISTA backupen som verkar fullständig kan försvinna.",
    Words.NO_MORE_BACKUPS: "HostUp tar då inga automatiska backuper.",
    Words.STORED_SCHEDULE: "Skickas med: {when:part}, {count} behålls.",
    Words.STORED_UNCHANGED: "Nu: {when:part}, {count} behålls; det skickas igen oförändrat, "
    "eftersom HostUp kräver det.",
    Words.REPLACED_SCHEDULE: "Ersätter: {when:part}, {count} behålls.",
    Words.CURRENT_SCHEDULE: "Nu: {when:part}, {count} behålls.",
    Words.CURRENT_SCHEDULE_UNREADABLE: "Det nuvarande schemat går inte att läsa i sin helhet.",
    Words.NO_SCHEDULE: "Inget schema är på nu.",
    Words.SCHEDULE_UNKNOWN: "Det är inte känt om något schema är på nu.",
    Words.ZONE_UNKNOWN: "HostUp anger ingen tidszon för klockslaget.",
    Words.MAXIMUM: "Nytt högsta antal: {count} (manuella + automatiska).",
    Words.AUTO_DELETE_ON: "HostUp RADERAR de äldsta backuperna automatiskt, utan att fråga.",
    Words.AUTO_DELETE_OFF: "Automatisk radering av de äldsta: av.",
    Words.SERVICES_STOP: "Dess tjänster ligger nere tills den startas igen.",
    Words.SERVICES_INTERRUPTED: "Dess tjänster ligger nere under tiden.",
    Words.LOSES_POWER: "Den blir strömlös direkt: det som programmen ännu inte har skrivit till "
    "disken GÅR FÖRLORAT, och filer kan skadas.",
    Words.BUSY: "HostUp har annat arbete kvar att göra med den, kanske en backup eller en "
    "återställning.",
    Words.COUNT: "{kind:part} nu: {count}.",
    Words.COUNT_UNLISTED: "{kind:part} nu: {count}, och {unlisted} utanför listan.",
    Words.COUNT_OTHERS: "{kind:part} nu: {count}, och andra utanför listan.",
    Words.TOO_MANY: "Fler än som behålls: HostUp kan RADERA de äldsta.",
    Words.MAY_BE_TOO_MANY: "Kanske fler än som behålls: HostUp kan RADERA de äldsta.",
    Words.EVERY_DAY: "varje dag kl. {hour:hour}",
    Words.EVERY_WEEK: "varje {day:weekday} kl. {hour:hour}",
    Words.EVERY_MONTH: "den {day} varje månad kl. {hour:hour}",
    Words.BACKUPS: "Backuper",
    Words.SCHEDULED_BACKUPS: "Schemalagda backuper",
    Words.NAMED_SERVER: "{text} ({address:ip})",
    Words.SERVER_AT: "servern på {address}",
    Words.SERVER_SOMEWHERE: "servern utan känd IP-adress",
    Words.NO_ADDRESS: "okänd IP-adress",
    Words.STATUS_UNKNOWN: "okänd status",
    Words.SERVER_NAME: "Serverns namn: {text}.",
    Words.SOURCE: "Den andra servern: {text} ({address:ip}, {status:status}).",
    Words.NEW_NAME: "Nytt namn: {text}.",
    Words.REGION: "Region: {text}.",
    Words.SNAPSHOT_NAME: "Snapshotens namn: {text}.",
    Words.BACKUP_NOTE: "Anteckning till den backupen: {text}.",
    Words.LIKELIEST_NOTE: "Dess anteckning: {text}.",
    Words.NEW_NOTE: "Anteckning till den nya backupen: {text}.",
    Words.LABEL: "Schemats etikett: {text}.",
    Words.IDS: "ID: {ids}",
    Words.TYPE_THIS: "För att gå vidare, skriv: {to_type}",
    Words.NAME_TITLE: "Serverns namn",
    Words.NAME_HELP: "Skriv det som står på frågans sista rad för att gå vidare.",
    Words.YES_TITLE: "Ja, gör det",
    Words.YES_HELP: "Lämna omarkerad för att avbryta.",
}
