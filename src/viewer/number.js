// Decimal numbers of any size, which are compared as they are written, as in src/record/number.rs.

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/**
 * Returns a text that is the same for numbers of the same value: `1e3`, `1000` and `1000.0`.
 * @param {string} text
 * @returns {string | null} null if the text is not a number
 */
export function canonicalNumber(text) {
  const match = NUMBER.exec(text);
  if (!match) return null;
  const [, sign, whole, fraction = '', exponent = '0'] = match;
  const digits = (whole + fraction).replace(/^0+/, '');
  if (!digits) return '0';
  const significant = digits.replace(/0+$/, '');
  const power = BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - significant.length);
  return `${sign}${significant}e${power}`;
}
