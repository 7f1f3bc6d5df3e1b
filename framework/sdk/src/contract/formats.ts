const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const TIME = /^(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:Z|[+-][01]\d:?[0-5]\d)?$/i;

/**
 * The formats of JSON Schema that are checked; others are annotations. Written here because the package for it brings many that no
 * parameter needs, and patterns that are slow on hostile input.
 */
export const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  date: isDate,
  time: (text) => TIME.test(text),
  "date-time": (text) => {
    const [date = "", time = "", ...rest] = text.split(/[Tt ]/);
    return rest.length === 0 && isDate(date) && /(?:Z|[+-]\d{2}:?\d{2})$/i.test(time) && TIME.test(time);
  },
  uri: isUri,
  url: isUri,
  email: (text) => /^[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)*$/.test(text) && text.length <= 320,
  hostname: (text) =>
    text.length <= 253 && text.split(".").every((label) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i.test(label)),
  ipv4: (text) => /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/.test(text),
  uuid: (text) => /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text),
  regex: (text) => {
    try {
      new RegExp(text, "u");
      return true;
    } catch {
      return false;
    }
  },
};

/** A format in words, with an example where one helps. */
export const FORMAT_WORDS: Readonly<Record<string, string>> = {
  date: "a date such as 2026-08-12",
  time: "a time such as 14:30:00",
  "date-time": "a date and time such as 2026-08-12T14:30:00Z",
  uri: "a URL such as https://example.com/data",
  url: "a URL such as https://example.com/data",
  email: "an e-mail address",
  hostname: "a host name",
  ipv4: "an IPv4 address",
  uuid: "a UUID",
  regex: "a regular expression",
};

function isDate(text: string): boolean {
  const [, year, month, day] = DATE.exec(text)?.map(Number) ?? [];
  if (year === undefined || month === undefined || day === undefined) return false;
  const lastDay = new Date(Date.UTC(2000, month, 0)).getUTCDate();
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month >= 1 && month <= 12 && day >= 1 && day <= (month === 2 && !leap ? 28 : lastDay);
}

function isUri(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:[^\s]+$/i.test(text);
}
