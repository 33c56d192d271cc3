/** Moments, spans and sizes in words; dates in the host's language and time zone. */

const UNITS = [
  ["year", 365 * 86400],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
] as const;

const MONTH = 31 * 86400;

/** A span in at most two neighbouring units, rounded down; from a month to a year in days. */
export function span(seconds: number): string {
  let left = Math.max(0, Math.floor(seconds));
  for (const [index, [unit, length]] of UNITS.entries()) {
    if (left < length) continue;
    const words = counted(Math.floor(left / length), unit);
    const isRough = unit === "day" && left >= MONTH;
    left %= length;
    const smaller = UNITS[index + 1];
    return smaller && !isRough && left >= smaller[1]
      ? `${words} ${counted(Math.floor(left / smaller[1]), smaller[0])}`
      : words;
  }
  return "less than a minute";
}

/** A size in HostUp's GB. */
export const size = (gb: number | null): string =>
  gb === null
    ? "size unknown"
    : new Intl.NumberFormat("en", {
        style: "unit",
        unit: "gigabyte",
        maximumFractionDigits: 1,
      }).format(gb);

/** An amount with its currency, as a finding has it. */
export function money(value: unknown): string {
  const { amount, currencyCode } = Object(value) as Record<string, unknown>;
  if (typeof amount !== "number" || typeof currencyCode !== "string") return "an unknown price";
  const most = amount >= 10 ? 2 : amount >= 0.001 ? 4 : 10;
  const digits = { minimumFractionDigits: 2, maximumFractionDigits: most };
  return `${currencyCode} ${new Intl.NumberFormat("en", digits).format(amount)}`;
}

/** Minutes and seconds, as `9:05`. */
export function countdown(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

export interface Place {
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
    return new Intl.DateTimeFormat(place.locale, { ...style, timeZone: place.timeZone }).format(
      moment,
    );
  } catch {
    // A host may name a language or zone that this browser does not know.
    return new Intl.DateTimeFormat("en-GB", { ...style, timeZone: "UTC" }).format(moment) + " UTC";
  }
}

function counted(count: number, unit: string): string {
  const style = { style: "unit", unit, unitDisplay: "long", useGrouping: false } as const;
  return new Intl.NumberFormat("en", style).format(count);
}
