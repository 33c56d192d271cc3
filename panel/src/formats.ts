/** Moments, spans and sizes in words, in the panel's language; dates in the host's time zone. */

import { languageOf, TEXTS, type Language } from "./texts";

const UNITS = [
  ["year", 365 * 86400],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
] as const;

const MONTH = 31 * 86400;

/** A span in at most two neighbouring units, rounded down; from a month to a year in days. */
export function span(seconds: number, language: Language): string {
  let left = Math.max(0, Math.floor(seconds));
  for (const [index, [unit, length]] of UNITS.entries()) {
    if (left < length) continue;
    const words = counted(Math.floor(left / length), unit, language);
    const isRough = unit === "day" && left >= MONTH;
    left %= length;
    const smaller = UNITS[index + 1];
    return smaller && !isRough && left >= smaller[1]
      ? `${words} ${counted(Math.floor(left / smaller[1]), smaller[0], language)}`
      : words;
  }
  return TEXTS[language].underAMinute;
}

/** A size in HostUp's GB. */
export const size = (gb: number | null, language: Language): string =>
  gb === null
    ? TEXTS[language].sizeUnknown
    : new Intl.NumberFormat(language, {
        style: "unit",
        unit: "gigabyte",
        maximumFractionDigits: 1,
      }).format(gb);

/** An amount with its currency, as a finding has it. */
export function money(value: unknown, language: Language): string {
  const { amount, currencyCode } = Object(value) as Record<string, unknown>;
  if (typeof amount !== "number" || typeof currencyCode !== "string") {
    return TEXTS[language].aPriceUnknown;
  }
  const most = amount >= 10 ? 2 : amount >= 0.001 ? 4 : 10;
  const digits = { minimumFractionDigits: 2, maximumFractionDigits: most };
  const text = new Intl.NumberFormat(language, digits).format(amount);
  return language === "sv" ? `${text} ${currencyCode}` : `${currencyCode} ${text}`;
}

/** Minutes and seconds, as `9:05`. */
export function countdown(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

export interface Place {
  language: Language;
  locale?: string | undefined;
  timeZone?: string | undefined;
}

/** A date to the minute, with its weekday; null if it is none, or one that cannot be right. */
export function date(iso: string | null, place: Place): string | null {
  const moment = Date.parse(iso ?? "");
  const year = new Date(moment).getUTCFullYear();
  if (!(year >= 2000 && year < 2200)) return null;
  const style = {
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  } as const;
  try {
    return new Intl.DateTimeFormat(localeOf(place), { ...style, timeZone: place.timeZone }).format(
      moment,
    );
  } catch {
    // A host may name a zone that this browser does not know.
    return new Intl.DateTimeFormat(LOCALES[place.language], { ...style, timeZone: "UTC" }).format(moment) + " UTC";
  }
}

const LOCALES = { en: "en-GB", sv: "sv-SE" } as const;

/** The host's locale if it is one of the panel's language: it also says how dates are written. */
const localeOf = ({ language, locale }: Place): string =>
  locale !== undefined && languageOf(locale) === language ? locale : LOCALES[language];

function counted(count: number, unit: string, language: Language): string {
  const style = { style: "unit", unit, unitDisplay: "long", useGrouping: false } as const;
  return new Intl.NumberFormat(language, style).format(count);
}
