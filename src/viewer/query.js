// Compiles the text of the search field into a Matcher.

/** @typedef {{ text: string, regex: boolean, matchCase: boolean }} Query */

/**
 * @typedef {object} Matcher
 * @property {(text: string) => boolean} test
 * @property {(text: string) => [number, number][]} ranges matched ranges, for highlighting
 */

/** Highlighted matches per line. When doubled, such rows render slower. */
const MAX_RANGES = 500;

/** @param {string} text */
const escapeRegex = (text) => text.replace(/[.*+?^${}()|[\]\\\/]/g, '\\$&');

/**
 * @param {Query} query
 * @returns {{ matcher: Matcher | null, error: string }} no matcher if the query is empty or invalid
 */
export function compile({ text, regex, matchCase }) {
  if (!text) return { matcher: null, error: '' };
  const source = regex ? text : escapeRegex(text);
  try {
    return { matcher: matcherOf(source, (matchCase ? '' : 'i') + (regex ? unicodeFlag(source) : '')), error: '' };
  } catch (error) {
    return { matcher: null, error: String(error).replace(/^.*: /, '') };
  }
}

/** Returns `u` unless only the older syntax accepts the expression, such as `\\-` or `]`. @param {string} source */
function unicodeFlag(source) {
  try {
    new RegExp(source, 'u');
    return 'u';
  } catch {
    return '';
  }
}

/** @param {string} source @param {string} flags @returns {Matcher} */
function matcherOf(source, flags) {
  const first = new RegExp(source, flags);
  const all = new RegExp(source, `${flags}g`);
  return {
    test: (text) => first.test(text),
    ranges(text) {
      /** @type {[number, number][]} */
      const result = [];
      for (const match of text.matchAll(all)) {
        if (match[0]) result.push([match.index, match.index + match[0].length]);
        if (result.length >= MAX_RANGES) break;
      }
      return result;
    },
  };
}
