// Splits logfmt into its pairs and the words between them, as src/record/logfmt.rs does.

/**
 * @typedef {object} Token
 * @property {string} key '' for a word that is no pair
 * @property {string} text text of the value, without its quotes; of a word, the word
 * @property {boolean} isQuoted
 * @property {number} keyAt where the key begins in the line
 * @property {number} from where `text` begins in the line
 * @property {number} to where it ends
 */

/** A pair whose value may be in quotes, a text in quotes, a quote without an end, or a word. */
const TOKEN = /([^\x00-\x20="]+)=(?:"([^"\\]*(?:\\[^]?[^"\\]*)*)"?|([^\x00-\x20]*))|"[^"\\]*(?:\\[^][^"\\]*)*"|"|[^\x00-\x20]+/g;
const FIRST_PAIR = /^[\w.@-]+=(?!=)/;

/** Reports if a line starts with a pair. @param {string} line */
export const startsPairs = (line) => FIRST_PAIR.test(line);

/** @param {string} line @returns {Token[]} */
export function logfmtTokens(line) {
  return Array.from(line.matchAll(TOKEN), ({ 0: all, 1: key, 2: quoted, 3: bare, index }) => {
    if (key === undefined) return { key: '', text: all, isQuoted: false, keyAt: index, from: index, to: index + all.length };
    const text = quoted ?? bare;
    const from = index + key.length + (quoted === undefined ? 1 : 2);
    return { key, text, isQuoted: quoted !== undefined, keyAt: index, from, to: from + text.length };
  });
}
