// Levels of lines, which the server states.

export const LEVELS = Object.freeze(['none', 'debug', 'info', 'warn', 'error']);
export const LEVEL = Object.freeze({ NONE: 0, DEBUG: 1, INFO: 2, WARN: 3, ERROR: 4 });

/** The levels of docs/PROTOCOL.md; the page shows the finest and the most serious ones as one. */
const LEVEL_OF_NAME = new Map(Object.entries({ trace: 1, debug: 1, info: 2, notice: 2, warn: 3, error: 4, fatal: 4 }));

/** @param {unknown} name `level` of an event @returns {number} one of LEVEL */
export function levelOf(name) {
  return LEVEL_OF_NAME.get(String(name)) ?? LEVEL.NONE;
}
