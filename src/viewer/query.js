// Compiles what was typed into the search field into something that finds it in a line.

/** @typedef {{ text: string, regex: boolean, exact: boolean }} Query `exact` minds upper and lower case */

/**
 * @typedef {object} Matcher
 * @property {(text: string) => boolean} test
 * @property {(text: string) => [number, number][]} ranges where it matches, for highlighting
 */

/** More marks than this in one line help nobody. */
const MOST_RANGES = 500;

/** @param {string} text */
const escapeRegex = (text) => text.replace(/[.*+?^${}()|[\]\\\/]/g, '\\$&');

/**
 * @param {Query} query
 * @returns {{ matcher: Matcher | null, error: string }} no matcher for an empty query
 */
export function compile({ text, regex, exact }) {
  if (!text) return { matcher: null, error: '' };
  const source = regex ? text : escapeRegex(text);
  try {
    return { matcher: matcherOf(source, exact ? '' : 'i'), error: '' };
  } catch (error) {
    return { matcher: null, error: String(error).replace(/^.*: /, '') };
  }
}

/** @param {string} source @param {string} flags @returns {Matcher} */
function matcherOf(source, flags) {
  const one = new RegExp(source, flags);
  const every = new RegExp(source, `${flags}g`);
  return {
    test: (text) => one.test(text),
    ranges(text) {
      /** @type {[number, number][]} */
      const found = [];
      for (const match of text.matchAll(every)) {
        if (match[0]) found.push([match.index, match.index + match[0].length]);
        if (found.length >= MOST_RANGES) break;
      }
      return found;
    },
  };
}
