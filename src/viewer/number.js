// Decimal numbers of any size, which are compared as they are written, as in src/record/number.rs.

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
/** Digits of a number; more are text. When doubled, comparing numbers takes longer. */
const MAX_DIGITS = 400;

/** @param {string} digits */
export function withoutTrailingZeros(digits) {
  let end = digits.length;
  while (end > 0 && digits[end - 1] === '0') end--;
  return digits.slice(0, end);
}

/**
 * Returns a text that is the same for numbers of the same value: `1e3`, `1000` and `1000.0`.
 * @param {string} text
 * @returns {string | null} null if the text is not a number, or has too many digits
 */
export function canonicalNumber(text) {
  const match = NUMBER.exec(text);
  if (!match) return null;
  const [, sign, whole, fraction = '', exponent = '0'] = match;
  if (whole.length + fraction.length + exponent.length > MAX_DIGITS) return null;
  const digits = (whole + fraction).replace(/^0+/, '');
  if (!digits) return '0';
  const significant = withoutTrailingZeros(digits);
  const power = BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - significant.length);
  return `${sign}${significant}e${power}`;
}
