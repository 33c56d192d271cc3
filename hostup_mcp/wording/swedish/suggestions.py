"""What is suggested to a user, in Swedish. `wording.suggestions` has the English texts."""

from __future__ import annotations

from collections.abc import Mapping

from hostup_mcp.recovery.codes import Code

_NO_SLOT = "såvitt känt är ingen plats ledig"
_EVICTS = "Att först ta backup av det nuvarande läget ({where:finding}) kan få HostUp att ta bort"
_YOURS = f"{_NO_SLOT}. Du avgör själv."
_NOT_FIRST = f"Ta inte backup av det nuvarande läget först: {_NO_SLOT}, och HostUp kan ta bort den"
_BACKED_UP = "En backup av det nuvarande läget"

SUGGESTIONS: Mapping[Code, str] = {
    # Steps that would unblock an action
    Code.COMPLETE_ORDER: "Slutför eller avbryt den påbörjade beställningen i HostUps panel.",
    Code.FINISH_ORDER: "Tjänsten väntar på att beställningen slutförs: gör det i HostUps panel.",
    Code.PAY_INVOICE: "Betala den obetalda fakturan i HostUps panel.",
    Code.LIFT_SUSPENSION: "Tjänsten är spärrad: betala eventuella förfallna fakturor i HostUps "
    "panel; om det inte finns några kan bara HostUps support häva spärren.",
    Code.USE_OTHER_SERVER: "Den här serverns tjänst har upphört. Om du har en annan, aktiv server "
    "kan det gå att återställa backuperna till den.",
    Code.CONTACT_SUPPORT: "Bara HostUps support kan häva den här begränsningen.",
    Code.TRY_LATER: "Det bör lösa sig av sig självt: kontrollera igen om några minuter. Om det "
    "inte ändrar sig kan HostUps panel eller support säga varför.",
    Code.CHECK_SCOPE: "API-nyckeln kan sakna en behörighet (scope backup:vm); kontrollera det på "
    "HostUps sida för API-nycklar.",
    Code.EXPLAIN_REASON: "Om skälet är tillfälligt, försök igen senare; annars kan bara HostUps "
    "support förklara det.",
    Code.ASK_WHY: "HostUps panel kan visa varför; om inte kan bara HostUps support förklara det.",
    Code.ASK_WHETHER: "Kontrollera i HostUps panel om det här är tillåtet.",
    Code.COMPARE_PANEL: "Titta i HostUps panel, som kan visa backuper som inte finns i listan här.",
    Code.ONLY_CURRENT_STATE: "En återställning kräver en backup, och en som tas nu innehåller bara "
    "det nuvarande läget.",
    Code.GET_SLOTS: "Alla backupplatser är upptagna; fler kan köpas i HostUps panel.",
    Code.CHOOSE_BACKUP: "Visa backuperna igen och välj en som finns i listan.",
    Code.CHOOSE_SNAPSHOT: "Visa listan över snapshots igen och välj en som finns där.",
    Code.USE_BACKUP: "Välj en backup i stället.",
    Code.GET_LARGER_DISK: "En större disk till den här servern kan beställas i HostUps panel.",
    Code.VERIFY_ACCOUNT: "Verifiera kontot i HostUps panel.",
    Code.ENABLE_CLOUD: "Be HostUps support att aktivera Cloud VPS för det här kontot.",
    Code.ADD_CARD: "Lägg till ett betalkort i HostUps panel.",
    Code.RAISE_LIMIT: "Välj en mindre storlek, eller be om en högre gräns i HostUps panel.",
    Code.RAISE_SERVER_LIMIT: "Säg upp en annan timdebiterad server, eller be om en högre "
    "gräns, i HostUps panel.",
    Code.ASK_ABOUT_BLOCKER: "HostUps support kan förklara vad som hindrar det.",
    Code.CHOOSE_SIZE: "Välj en annan storlek.",
    Code.CHOOSE_REGION: "Välj en annan region.",
    # Alternatives
    Code.USE_NEW_SERVER: "En ny server, som kostar pengar, från backupen: den här ändras inte, och "
    "enskilda filer kan kopieras över.",
    Code.NEW_SERVER_ELSEWHERE: "En ny server, som kostar pengar, från backupen lämnar den här "
    "oförändrad. Den kan inte skapas härifrån, men däremot i HostUps panel.",
    Code.NEW_SERVER_FROM: "En ny server, som kostar pengar, från den andra serverns backup: den "
    "här ändras inte.",
    Code.NEWER_SNAPSHOT: "Snapshoten ”{name}” från {created:moment} är nyare, {age:span} gammal: "
    "att återställa den skulle ge mindre dataförlust.",
    Code.SNAPSHOT_INSTEAD: "Det finns en snapshot, ”{name}” från {created:moment}, {age:span} "
    "gammal, som kan återställas.",
    # Precautions
    Code.WITH_TOOL: "assistenten kan göra det",
    Code.IN_PANEL: "i HostUps panel",
    Code.BACK_UP_FIRST: "Ta backup av det nuvarande läget ({where:finding}), så att det här går "
    "att ångra.",
    Code.BACKED_UP: f"{_BACKED_UP} togs för {{age:span}} sedan, så det här går att ångra.",
    Code.BACKED_UP_NOW: f"{_BACKED_UP} påbörjades för {{age:span}} sedan: vänta tills den är 15 "
    "minuter gammal, för HostUp anger inte om den är färdig.",
    Code.MAY_BACK_UP: "Ta backup av det nuvarande läget i HostUps panel, om det är tillåtet där: "
    "HostUps svar anger inte det.",
    Code.EVICTS_OLDEST: f"{_EVICTS} den äldsta backupen, den från {{created:moment}}: {_YOURS}",
    Code.EVICTS_NOTED: f"{_EVICTS} den äldsta backupen, den från {{created:moment}} med "
    f"anteckningen ”{{note}}”: {_YOURS}",
    Code.EVICTS_UNDATED: f"{_EVICTS} en annan backup, okänt vilken: {_YOURS}",
    Code.EVICTS_POINT: f"{_NOT_FIRST} äldsta, som är den som ska återställas.",
    Code.MAY_EVICT_POINT: f"{_NOT_FIRST} äldsta, som kan vara den som ska återställas.",
    Code.CANNOT_BACK_UP: "Det går inte att ta backup av det nuvarande läget nu. {because}",
    Code.CANNOT_BACK_UP_STEP: "Det går inte att ta backup av det nuvarande läget nu. {because} "
    "{step:finding}",
}
