// Text of a field for menus and chips.

/** Characters shown of a value. When doubled, menus are wider. */
const MAX_CHARS = 60;

/**
 * Replaces characters that are invisible or change the text around them by their escapes.
 * @param {string} text
 */
export function safeText(text) {
  const escaped = text.replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, (char) => {
    const code = char.charCodeAt(0);
    return code < 0x20 ? JSON.stringify(char).slice(1, -1) : `\\u${code.toString(16).padStart(4, '0')}`;
  });
  return escaped.length > MAX_CHARS ? `${escaped.slice(0, MAX_CHARS - 1)}…` : escaped;
}

/** @param {import('./record.js').Field} field */
export const valueText = ({ value }) => (value === '' ? '""' : safeText(value));

/** @param {import('./record.js').Field} field @param {string} operator */
export const fieldText = (field, operator) => `${safeText(field.key)}${operator}${valueText(field)}`;
