"""What happened and what the user can do, by `error.kind`, in Swedish.

The panel and `hostup-mcp check` show this instead of the English message, and quote the original
beside it. `server/errors/texts.py` has the English texts.
"""

from __future__ import annotations

from collections.abc import Mapping

_UNCHANGED = "Inget har ändrats."
_LATER = "Försök igen senare; HostUps statussida kan ge mer information."

ERRORS: Mapping[str, str] = {
    # Settings and access
    "not_configured": "hostup-mcp är inte konfigurerat. `hostup-mcp doctor` visar vad som saknas.",
    "unauthorized": "HostUp godtog inte API-nyckeln. Kontrollera HOSTUP_API_KEY eller skapa en ny "
    "nyckel i HostUps panel.",
    "forbidden": "API-nyckeln får inte göra det här. I HostUps panel kan du ge nyckeln den "
    "behörighet som krävs; du kan också fråga HostUps support.",
    "edge_refused": "Något framför HostUps API stoppade anropet; det beror inte på nyckelns "
    "behörigheter. Kontrollera VPN, proxy och nyckelns IP-begränsningar eller fråga HostUps "
    "support.",
    "redirected": "Anropet omdirigerades, och nyckeln skickades inte vidare. Kontrollera "
    "HOSTUP_BASE_URL.",
    "no_account": "Inget HostUp-konto är konfigurerat för dig. Den som driver hostup-mcp kan lägga "
    "till det.",
    "not_allowed": f"Det är låst i hostup-mcp. {_UNCHANGED}",
    # What was asked for
    "unknown_id": "Assistenten har inte hämtat detta i den här sessionen, så inget anrop gjordes.",
    "invalid_arguments": "Anropet var felaktigt och skickades inte till HostUp.",
    "invalid_cursor": "Fortsättningen av listan gäller inte längre. Läs listan från början.",
    "invalid_request": "HostUp avvisade anropet som ogiltigt.",
    "name_taken": f"Servern har redan en snapshot med det namnet. {_UNCHANGED}",
    # The state of the server
    "gate_closed": "HostUp tillåter inte det här nu, eller anger inte om det är tillåtet. "
    f"{_UNCHANGED}",
    "conflict": "Serverns läge tillåter inte det här nu. Vänta tills eventuella "
    "pågående jobb är klara.",
    "refused": "HostUp nekade. Att försöka igen hjälper inte.",
    "job_running": f"Ett jobb körs på servern. Vänta tills det är klart. {_UNCHANGED}",
    "job_failed": "HostUp tog emot ändringen och meddelade direkt att den inte lyckades.",
    "power_state": f"Serverns strömläge tillåter inte det här. {_UNCHANGED}",
    "not_found": "Det finns inte, eller så tillhör det ett annat konto; HostUp anger inte vilket.",
    "not_a_rehearsal": "Bara servern från en övning kan avslutas härifrån; andra servrar kan du "
    f"säga upp i HostUps panel. {_UNCHANGED}",
    "no_recovery": "Ingen återställning av den här servern är registrerad för dig, så det finns "
    "inget att jämföra med.",
    "backup_missing": f"Den här backupen finns inte; den kan ha tagits bort. {_UNCHANGED}",
    "snapshot_missing": f"Den här snapshoten finns inte; den kan ha löpt ut. {_UNCHANGED}",
    "not_available": f"Den här servern kan inte ha snapshots. {_UNCHANGED}",
    # The user's yes
    "cannot_ask": f"Ändringen kräver ditt ja, som den här appen inte kan be om. {_UNCHANGED}",
    "not_confirmed": f"Ändringen bekräftades inte. {_UNCHANGED}",
    "not_from_panel": f"Bara den här panelen kan bekräfta en plan på det här sättet. {_UNCHANGED}",
    # Plans and locks
    "plan_again": f"Planen kan inte användas längre. {_UNCHANGED}",
    "plan_used": "Planen har redan skickats till HostUp. Det här anropet ändrade inget.",
    "changed_meanwhile": "Läget är inte längre det som du tillfrågades om. Det här anropet ändrade "
    "inget.",
    "write_in_flight": "En annan ändring av servern pågår eller har okänd utgång, eller så hann "
    "låset på servern gå ut. Det här anropet ändrade inget.",
    # Connection
    "rate_limited": "HostUp tar inte emot fler anrop just nu. Vänta en minut och försök igen.",
    "unreachable": "HostUp gick inte att nå. Kontrollera datorns nätverk och HOSTUP_BASE_URL.",
    "timed_out": "HostUp svarade inte i tid. Försök igen senare; kontrollera nätverket.",
    "connection_lost": "Anslutningen till HostUp bröts. Försök igen senare; kontrollera nätverket.",
    "hostup_failed": f"Något gick fel i HostUps API. {_LATER}",
    "bad_response": "Svaret går inte att tolka, eller så kom det inte från HostUps API. "
    "Kontrollera HOSTUP_BASE_URL eller försök igen senare.",
    "poll_url_refused": "HostUp angav en adress för jobbet som hostup-mcp inte följer: den kan "
    "leda till en annan värd.",
    # This program
    "outcome_unknown": "Ändringen skickades, men det är INTE KÄNT om den genomfördes. Skicka den "
    "inte igen.",
    "audit_log_unavailable": f"Granskningsloggen kan inte skrivas. {_UNCHANGED}",
    "state_unavailable": "hostup-mcp kommer inte åt sitt sparade tillstånd, så inget kan ändras. "
    "Det går fortfarande att läsa.",
    "server_stopping": "hostup-mcp håller på att stängas av. Det här anropet ändrade inget.",
}
