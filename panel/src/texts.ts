/**
 * The panel's own texts, in English and, beside each, in Swedish. What the server concluded is in
 * `words.generated.ts`.
 */

export const LANGUAGES = ["en", "sv"] as const;
export type Language = (typeof LANGUAGES)[number];

type Pair<T> = readonly [en: T, sv: T];

const pair = <T>(en: T, sv: NoInfer<T>): Pair<T> => [en, sv];

const refusal = (title: string, next: string): readonly [title: string, next: string] => [title, next];

const PAIRS = {
  // Formats
  underAMinute: pair("less than a minute", "mindre än en minut"),
  sizeUnknown: pair("size unknown", "okänd storlek"),
  aPriceUnknown: pair("an unknown price", "ett okänt pris"),
  aDateUnknown: pair("an unknown date", "ett okänt datum"),
  unknown: pair("unknown", "okänt"),
  statusUnknown: pair("status unknown", "okänd status"),
  undescribed: pair("No description for: ", "Beskrivning saknas: "),
  original: pair("The message in English: ", "Meddelandet på engelska: "),

  // The verdict
  title: pair("HostUp recovery", "Återställning hos HostUp"),
  server: pair("Server ", "Server "),
  canGoBack: pair("You can go back", "Du kan återställa"),
  cannotGoBack: pair("You cannot go back now", "Du kan inte återställa nu"),
  canGoBackElsewhere: pair(
    "You can go back, but not from here",
    "Du kan återställa, men inte härifrån",
  ),
  mayGoBack: pair(
    "It is not known whether you can go back",
    "Det är inte känt om du kan återställa",
  ),
  readAgain: pair("Read again", "Läs in igen"),
  nothingToShow: pair("Nothing to show", "Inget att visa"),
  assistantStopped: pair(
    "The assistant stopped before the backups were read.",
    "Assistenten avbröt innan backuperna hade lästs.",
  ),
  aPlan: pair("A plan for recovery", "En återställningsplan"),
  oneMoment: pair("One moment", "Ett ögonblick"),
  readingBackups: pair("Reading the backups…", "Läser in backuperna…"),
  toUnblock: pair("What would change that", "Det här skulle ändra det"),
  withTheNewest: pair("With the newest backup: ", "Med den nyaste backupen: "),
  readEarlier: pair(
    "This was read earlier; it could not be refreshed.",
    "Det här lästes tidigare; det kunde inte uppdateras.",
  ),
  readOnly: pair(
    "Read-only: this assistant app does not let the panel call the server. Ask the assistant for a plan.",
    "Endast läsning: den här assistentappen låter inte panelen anropa servern. Be assistenten om en plan.",
  ),
  openedAlone: pair(
    "This page shows backups inside an assistant app; opened by itself it has nothing to show.",
    "Den här sidan visar backuper i en assistentapp; öppnad separat har den inget att visa.",
  ),

  // What else is possible
  whatElse: pair("What else is possible", "Vad mer som är möjligt"),
  aNewBackup: pair("A new backup", "En ny backup"),
  possibleNow: pair("Possible now", "Möjligt nu"),
  notPossibleNow: pair("Not possible now", "Inte möjligt nu"),
  possibleElsewhere: pair("Possible, but not from here", "Möjligt, men inte härifrån"),
  notKnown: pair("Not known", "Inte känt"),
  slots: pair("Backup slots", "Backupplatser"),
  usedUnknown: pair(
    "How many are used is not known.",
    "Det är inte känt hur många som används.",
  ),
  used: pair(
    (used: number) => `${used} used`,
    (used) => `${used} används`,
  ),
  usedOf: pair(
    (used: number, limit: number) => `${used} of ${limit} used`,
    (used, limit) => `${used} av ${limit} används`,
  ),
  left: pair(
    (left: number) => `${left} left`,
    (left) => `${left} kvar`,
  ),
  noLimit: pair("HostUp states no limit", "HostUp anger ingen gräns"),

  // The backups
  backups: pair("Backups", "Backuper"),
  backupCount: pair(
    (count: number) => (count === 1 ? "1 backup" : `${count} backups`),
    (count) => (count === 1 ? "1 backup" : `${count} backuper`),
  ),
  noBackups: pair("There is none yet.", "Det finns inga ännu."),
  choose: pair("Choose the backup to go back to", "Välj vilken backup du vill återställa"),
  newestFirst: pair("Backups, newest first", "Backuper, nyast först"),
  currentState: pair("Now: the current state", "Nu: det nuvarande läget"),
  doubtful: pair("These may be incomplete", "De här kan vara ofullständiga"),
  undated: pair("Without a usable date", "Utan användbart datum"),
  ago: pair(
    (span: string) => `${span} ago`,
    (span) => `för ${span} sedan`,
  ),
  ageUnknown: pair("Age unknown", "Okänd ålder"),
  dateUnknown: pair("Date unknown", "Okänt datum"),
  kindUnknown: pair("kind unknown", "okänd typ"),
  kinds: pair<Record<string, string>>({}, { manual: "manuell", scheduled: "schemalagd" }),
  note: pair("Note: ", "Anteckning: "),
  moreElsewhere: pair(
    (left: number) => `${left} more are not shown here; the assistant can list them.`,
    (left) => `${left} till visas inte här; assistenten kan visa dem.`,
  ),
  readingMore: pair("Reading more backups…", "Läser in fler backuper…"),
  moreUnread: pair("More backups could not be read.", "Fler backuper kunde inte läsas."),
  showMore: pair(
    (left: number) => `Show more (${left} left)`,
    (left) => `Visa fler (${left} kvar)`,
  ),

  // To scale
  wouldBeLost: pair(
    (span: string) => `would be lost: ${span}`,
    (span) => `skulle gå förlorat: ${span}`,
  ),
  marks: pair(
    ["1 hour", "1 day", "1 week", "1 month", "1 year"],
    ["1 timme", "1 dygn", "1 vecka", "1 månad", "1 år"],
  ),
  now: pair("now", "nu"),

  // The plan
  seeFirst: pair("See first what would happen", "Se först vad som skulle hända"),
  whatPlanShows: pair(
    "The plan shows what restoring the chosen backup would do. It changes nothing.",
    "Planen visar vad det skulle innebära att återställa den valda backupen. Den ändrar inget.",
  ),
  showPlan: pair("Show what would happen", "Visa vad som skulle hända"),
  makingPlan: pair("Making the plan…", "Tar fram planen…"),
  tryAgain: pair("Try again", "Försök igen"),
  whereTo: pair("Where the backup goes", "Vart backupen ska"),
  ontoThis: pair("Over this server", "Över den här servern"),
  ontoThisHint: pair("Its current contents are replaced", "Det nuvarande innehållet ersätts"),
  ontoNew: pair("Onto a new server", "Till en ny server"),
  ontoNewHint: pair(
    "This server stays as it is; the new one costs money",
    "Den här servern förblir som den är; den nya kostar pengar",
  ),
  planGoesBack: pair(
    (when: string) => `Going back to ${when}`,
    (when) => `Återställning till ${when}`,
  ),
  planBuilds: pair(
    (when: string) => `A new server as of ${when}`,
    (when) => `En ny server med läget från ${when}`,
  ),
  planOther: pair(
    "Another server’s backup over this one",
    "En annan servers backup över den här servern",
  ),
  planSnapshot: pair("Going back to a snapshot", "Återställning till en snapshot"),
  plan: pair("The plan", "Planen"),
  isPossible: pair("This is possible now", "Det här är möjligt nu"),
  isNotPossible: pair("This is not possible now", "Det här är inte möjligt nu"),
  mayBePossible: pair(
    "It is not known whether this is possible",
    "Det är inte känt om det här är möjligt",
  ),
  fromBackupOf: pair(
    (source: string) => `From a backup of ${source}.`,
    (source) => `Från en backup av ${source}.`,
  ),
  quoted: pair(
    (text: string) => `“${text}”`,
    (text) => `”${text}”`,
  ),
  dataLoss: pair("Data loss", "Dataförlust"),
  recommendedFirst: pair("Recommended first", "Rekommenderas först"),
  sideEffects: pair("Side effects", "Det här händer också"),
  otherWays: pair("Other ways", "Andra sätt"),

  // The user's decision
  decision: pair("Your decision", "Ditt beslut"),
  notFromHere: pair(
    "It cannot be carried out from here. Tell the assistant if you want it, or do it yourself in HostUp’s panel.",
    "Det kan inte utföras härifrån. Säg till assistenten om du vill göra det, eller gör det själv i HostUps panel.",
  ),
  notConfirmedHere: pair(
    "It cannot be confirmed here. Ask the assistant, or do it yourself in HostUp’s panel.",
    "Det kan inte bekräftas här. Fråga assistenten eller gör det själv i HostUps panel.",
  ),
  expired: pair("This plan has expired", "Planen har gått ut"),
  expiredMore: pair(
    "Nothing was changed. A plan is valid for ten minutes.",
    "Inget har ändrats. En plan gäller i tio minuter.",
  ),
  newPlan: pair("Make a new plan", "Ta fram en ny plan"),
  askForNewPlan: pair("Ask the assistant for a new one.", "Be assistenten om en ny."),
  buildNow: pair("Build the new server", "Skapa den nya servern"),
  restoreNow: pair(
    (name: string) => `Restore ${name} now`,
    (name) => `Återställ ${name} nu`,
  ),
  onlyYou: pair(
    "Only you can say yes here; the assistant cannot press this button.",
    "Bara du kan svara ja här; assistenten kan inte trycka på den här knappen.",
  ),
  expiresIn: pair(
    ["This plan expires in ", " minutes."] as readonly [string, string],
    ["Planen går ut om ", " minuter."],
  ),
  typeTheName: pair("Type the name of the server first.", "Skriv serverns namn först."),
  wrongName: pair(
    "That is not the name of this server. Nothing was sent.",
    "Det är inte den här serverns namn. Inget skickades.",
  ),

  // What becomes of it
  theServer: pair("The server", "Servern"),
  sendingYes: pair("Sending your yes", "Skickar ditt ja"),
  checkingOnce: pair(
    "Checking once more that nothing has changed, then sending it to HostUp…",
    "Kontrollerar en gång till att inget har ändrats och skickar det sedan till HostUp…",
  ),
  building: pair("The new server is being made", "Den nya servern skapas"),
  restoring: pair(
    (server: string) => `${server} is being restored`,
    (server) => `${server} återställs`,
  ),
  startsSoon: pair(
    "HostUp has accepted it and will start soon.",
    "HostUp har tagit emot det och börjar snart.",
  ),
  continues: pair(
    "It continues even if you close this.",
    "Det fortsätter även om du stänger det här.",
  ),
  progressUnknown: pair(
    "It was started, but its progress is not available",
    "Det har startat, men förloppet går inte att visa",
  ),
  progressUnknownMore: pair(
    "This does not mean that it failed: HostUp carries on with it. Do not start it again.",
    "Det betyder inte att det har misslyckats: HostUp fortsätter med det. Starta det inte igen.",
  ),
  checkAgain: pair("Check again", "Kontrollera igen"),
  readBackupsAgain: pair("Read the backups again", "Läs in backuperna igen"),
  progress: pair("Progress of the restore", "Återställningens förlopp"),
  restoreComplete: pair(
    "HostUp says the restore is complete",
    "HostUp uppger att återställningen är klar",
  ),
  buildComplete: pair(
    "HostUp says the new server is complete",
    "HostUp uppger att den nya servern är klar",
  ),
  notLookedAt: pair(
    "Whether it is back could not be checked: open its website, log in, or look in HostUp’s panel.",
    "Det gick inte att kontrollera om servern är tillbaka: öppna webbplatsen, logga in eller titta i HostUps panel.",
  ),
  paid: pair(
    "Your server was not changed. The new server has an address of its own, and costs money for as long as it exists.",
    "Din server ändrades inte. Den nya servern har en egen adress och kostar pengar så länge den finns.",
  ),
  looking: pair("Looking whether the server is back…", "Kontrollerar om servern är tillbaka…"),
  lookAgain: pair("Look again", "Titta igen"),
  isBack: pair(
    (server: string) => `${server} is back`,
    (server) => `${server} är tillbaka`,
  ),
  isNotBack: pair(
    (server: string) => `${server} is not back`,
    (server) => `${server} är inte tillbaka`,
  ),
  mayBeBack: pair(
    (server: string) => `It is not known whether ${server} is back`,
    (server) => `Det är inte känt om ${server} är tillbaka`,
  ),
  newServerAnswers: pair("The new server answers", "Den nya servern svarar"),
  newServerNotUp: pair("The new server is not up", "Den nya servern är inte igång"),
  newServerMayBeUp: pair(
    "It is not known whether the new server is up",
    "Det är inte känt om den nya servern är igång",
  ),
  before: pair(
    (seen: string[]) => `Before the restore, ${seen.join(", ")}.`,
    (seen) => `Före återställningen: ${seen.join(", ")}.`,
  ),
  powerUnknown: pair("its power state is not known", "okänt strömläge"),
  powerWas: pair(
    (power: string) => `its power state was “${power}”`,
    (power) => `strömläget var ”${power}”`,
  ),
  agentUnknown: pair(
    "whether its guest agent answered is not known",
    "det är inte känt om gästagenten svarade",
  ),
  agentAnswered: pair("its guest agent answered", "gästagenten svarade"),
  agentSilent: pair("its guest agent did not answer", "gästagenten svarade inte"),
  portsAnswered: pair(
    (ports: string) => `ports ${ports} answered`,
    (ports) => `portar som svarade: ${ports}`,
  ),
  accepted: pair("HostUp accepted it", "HostUp har tagit emot det"),
  acceptedMore: pair(
    [
      "It gave no job whose progress could be shown.",
      "While it runs, HostUp allows no other restore of this server.",
    ],
    [
      "HostUp angav inget jobb vars förlopp kan visas.",
      "Medan det pågår tillåter HostUp ingen annan återställning av den här servern.",
    ],
  ),
  failed: pair("HostUp says it failed", "HostUp uppger att det misslyckades"),
  endedOtherwise: pair(
    "HostUp says it ended without success",
    "HostUp uppger att det avslutades utan att lyckas",
  ),
  failedMore: pair(
    [
      "The current state of the server is unknown: it may be stopped, or hold part of the backup.",
      "Check again before doing anything else. HostUp’s support can see what happened.",
    ],
    [
      "Serverns nuvarande läge är okänt: den kan vara stoppad eller innehålla en del av backupen.",
      "Kontrollera igen innan du gör något annat. HostUps support kan se vad som hände.",
    ],
  ),
  gone: pair("HostUp no longer knows this job", "HostUp känner inte längre till jobbet"),
  goneMore: pair(
    [
      "It may have succeeded or failed.",
      "Check the current state of the server here, with the assistant, or in HostUp’s panel.",
    ],
    [
      "Det kan ha lyckats eller misslyckats.",
      "Kontrollera serverns nuvarande läge här, med assistenten eller i HostUps panel.",
    ],
  ),
  outcomeUnknown: pair(
    "It is not known whether it was carried out",
    "Det är inte känt om det genomfördes",
  ),
  outcomeUnknownWhy: pair(
    "Your yes was sent, but the response was lost. The restore may be running.",
    "Ditt ja skickades, men svaret gick förlorat. Återställningen kan pågå.",
  ),
  outcomeUnknownNext: pair(
    "Do not start it again. In a few minutes, check HostUp’s panel or ask the assistant for the current state of the server.",
    "Starta det inte igen. Titta om några minuter i HostUps panel, eller fråga assistenten om serverns nuvarande läge.",
  ),
  nothingStarted: pair("Nothing was started.", "Inget startades."),

  // What was refused or could not be read
  unread: pair("This could not be read", "Det här kunde inte läsas"),
  readLater: pair(
    "Nothing was changed; you can try again.",
    "Inget har ändrats; du kan försöka igen.",
  ),
  waitThenRead: pair(
    (seconds: number) => `Wait ${seconds} seconds, then read again.`,
    (seconds) => `Vänta ${seconds} sekunder och läs sedan in igen.`,
  ),
  refused: pair("It was refused", "Det nekades"),
  refusedNext: pair(
    "You can check again, or do it yourself in HostUp’s panel.",
    "Du kan kontrollera igen eller göra det själv i HostUps panel.",
  ),
  refusals: pair(
    {
      not_confirmed: refusal("Not confirmed", "Check the plan again and type the name exactly as shown."),
      plan_again: refusal("The plan is out of date", "Make a new plan and decide on that one."),
      plan_used: refusal(
        "This plan was sent to HostUp before",
        "A plan can be used once. Check the current state of the server.",
      ),
      write_in_flight: refusal(
        "Another change to this server is in progress",
        "Wait until it has finished, then check again.",
      ),
      gate_closed: refusal(
        "HostUp does not allow it now",
        "Check again later, or ask HostUp’s support.",
      ),
      changed_meanwhile: refusal(
        "Something has changed",
        "Check again, and decide on the current state.",
      ),
      not_from_panel: refusal(
        "This yes was not accepted",
        "The assistant app cannot confirm from here. Ask the assistant, or use HostUp’s panel.",
      ),
      not_allowed: refusal(
        "Restoring is locked here",
        "Whoever set up this assistant’s access to HostUp can unlock it. You can also do it yourself in HostUp’s panel.",
      ),
      state_unavailable: refusal(
        "Nothing can be changed from here now",
        "Try again in a minute, or do it yourself in HostUp’s panel.",
      ),
      rate_limited: refusal("Too many requests to HostUp", "Wait a minute, then check again."),
      unreachable: refusal("HostUp could not be reached", "Check the network, then try again."),
    },
    {
      not_confirmed: refusal(
        "Inte bekräftat",
        "Läs planen igen och skriv namnet precis som det visas.",
      ),
      plan_again: refusal("Planen är inaktuell", "Ta fram en ny plan och ta ställning till den."),
      plan_used: refusal(
        "Planen har redan skickats till HostUp",
        "En plan kan bara användas en gång. Kontrollera serverns nuvarande läge.",
      ),
      write_in_flight: refusal(
        "En annan ändring av servern pågår",
        "Vänta tills den är klar och kontrollera sedan igen.",
      ),
      gate_closed: refusal(
        "HostUp tillåter det inte nu",
        "Kontrollera igen senare eller fråga HostUps support.",
      ),
      changed_meanwhile: refusal(
        "Något har ändrats",
        "Kontrollera igen och ta ställning till det nuvarande läget.",
      ),
      not_from_panel: refusal(
        "Ditt ja godtogs inte",
        "Assistentappen kan inte bekräfta härifrån. Fråga assistenten eller använd HostUps panel.",
      ),
      not_allowed: refusal(
        "Återställning är låst här",
        "Den som har konfigurerat assistentens åtkomst till HostUp kan låsa upp det. Du kan också göra det själv i HostUps panel.",
      ),
      state_unavailable: refusal(
        "Inget kan ändras härifrån nu",
        "Försök igen om en minut eller gör det själv i HostUps panel.",
      ),
      rate_limited: refusal("För många anrop till HostUp", "Vänta en minut och kontrollera sedan igen."),
      unreachable: refusal("HostUp gick inte att nå", "Kontrollera nätverket och försök sedan igen."),
    },
  ),

  // What the app did with a call
  notSent: pair(
    "The assistant app or the server did not accept the call. Nothing was changed.",
    "Assistentappen eller servern tog inte emot anropet. Inget har ändrats.",
  ),
  noData: pair(
    "The assistant app passed on no data that can be shown here.",
    "Assistentappen skickade inga data som kan visas här.",
  ),
  noResponse: pair("The assistant app did not respond.", "Assistentappen svarade inte."),
  notShown: pair("This result cannot be shown here.", "Det här resultatet kan inte visas här."),
  noMessage: pair(
    "The tool failed without a message.",
    "Verktyget misslyckades utan något meddelande.",
  ),

  // For screen readers
  sayStarted: pair("The restore was started.", "Återställningen har startat."),
  sayPercent: pair(
    (percent: number) => `${percent} percent done.`,
    (percent) => `${percent} procent klart.`,
  ),
  saySending: pair("Sending your yes.", "Skickar ditt ja."),
  sayPlanning: pair("Making the plan.", "Tar fram planen."),
  sayPlanned: pair("The plan is ready.", "Planen är klar."),
  sayUnplanned: pair("The plan could not be read.", "Planen kunde inte läsas."),
  sayExpired: pair(
    "This plan has expired. Nothing was changed.",
    "Planen har gått ut. Inget har ändrats.",
  ),
  sayExpires: pair("This plan expires in one minute.", "Planen går ut om en minut."),
};

/** The texts in one language. */
export type Texts = { readonly [K in keyof typeof PAIRS]: (typeof PAIRS)[K][0] };

/** A text of the panel's own that says why there is no result. */
export type Reason = "notSent" | "noData" | "noResponse" | "notShown" | "noMessage";

const pick = (index: 0 | 1): Texts =>
  Object.fromEntries(Object.entries(PAIRS).map(([name, both]) => [name, both[index]])) as Texts;

export const TEXTS: Readonly<Record<Language, Texts>> = { en: pick(0), sv: pick(1) };

/** The language that `locale` begins with; null if the panel has no texts in it. */
export function languageOf(locale: string | undefined): Language | null {
  try {
    const { language } = new Intl.Locale(locale ?? "");
    return LANGUAGES.find((known) => known === language) ?? null;
  } catch {
    return null;
  }
}
