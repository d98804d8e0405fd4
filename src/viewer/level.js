// Detects the level of a line from the conventions of common loggers.

export const LEVELS = Object.freeze(['none', 'debug', 'info', 'warn', 'error']);
export const LEVEL = Object.freeze({ NONE: 0, DEBUG: 1, INFO: 2, WARN: 3, ERROR: 4 });

/** Characters searched for a level. When doubled, more ordinary words count as levels. */
const MAX_SCANNED_CHARS = 240;

/** @type {Record<string, number>} */
const LEVEL_OF_WORD = {
  trace: 1, verbose: 1, debug: 1, dbg: 1, dbug: 1, silly: 1, finest: 1, fine: 1,
  info: 2, information: 2, inf: 2, notice: 2, log: 2,
  warn: 3, warning: 3, wrn: 3,
  error: 4, err: 4, eror: 4, fail: 4, fatal: 4, ftl: 4, critical: 4, crit: 4, severe: 4, panic: 4, alert: 4, emerg: 4, emergency: 4,
};

const FIELD = /(?:^|[\s{,("'])["']?(?:level|lvl|severity|log\.level|levelname|loglevel|level_name)["']?\s*[:=]\s*["']?(\w+)/i;
const UPPERCASE_WORD = /(?:^|[^\w.\/-])(TRACE|VERBOSE|DEBUG|DBG|DBUG|INFO|NOTICE|WARN(?:ING)?|WRN|ERROR|ERR|FATAL|CRIT(?:ICAL)?|SEVERE|PANIC|ALERT|EMERG)(?![\w\/=.-])/;
const DELIMITED_WORD = /(?:^|[\s[(<|])(trace|debug|info|notice|warn(?:ing)?|err(?:or)?|fatal|crit(?:ical)?|panic)(?:\[\w+\])?(?:[\]:)>|]|$)/i;
const GLOG = /^([DIWEF])\d{4} \d\d:\d\d/;
const SYSLOG = /^<(\d{1,3})>/;
const ACCESS_LOG = /" ([45])\d\d (?:\d+|-)/;
const CRASH = /^(?:Traceback \(most recent|thread '.*' panicked|panic: |Exception in thread|Caused by: |Unhandled |\s*Uncaught |segmentation fault)/i;

/** @param {string} value name of a level, or its number in pino and bunyan */
function levelOfField(value) {
  const number = Number(value);
  if (number >= 10) return number >= 50 ? LEVEL.ERROR : number >= 40 ? LEVEL.WARN : number >= 30 ? LEVEL.INFO : LEVEL.DEBUG;
  return LEVEL_OF_WORD[value.toLowerCase()] ?? LEVEL.NONE;
}

/** @param {number} priority syslog priority: facility × 8 + severity */
function levelOfPriority(priority) {
  const severity = priority % 8;
  return severity <= 3 ? LEVEL.ERROR : severity === 4 ? LEVEL.WARN : severity <= 6 ? LEVEL.INFO : LEVEL.DEBUG;
}

/**
 * @param {string} text the visible text of a line
 * @returns {number} one of LEVEL
 */
export function levelOf(text) {
  const line = text.length > MAX_SCANNED_CHARS ? text.slice(0, MAX_SCANNED_CHARS) : text;
  const field = FIELD.exec(line);
  if (field) {
    const level = levelOfField(field[1]);
    if (level) return level;
  }
  const word = UPPERCASE_WORD.exec(line) ?? DELIMITED_WORD.exec(line);
  if (word) return LEVEL_OF_WORD[word[1].toLowerCase()];
  const glog = GLOG.exec(line);
  if (glog) return { D: 1, I: 2, W: 3, E: 4, F: 4 }[glog[1]] ?? LEVEL.NONE;
  const syslog = SYSLOG.exec(line);
  if (syslog) return levelOfPriority(Number(syslog[1]));
  if (CRASH.test(line)) return LEVEL.ERROR;
  const status = ACCESS_LOG.exec(line);
  if (status) return status[1] === '5' ? LEVEL.ERROR : LEVEL.WARN;
  return LEVEL.NONE;
}
