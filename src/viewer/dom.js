// Functions for elements of the document.

/** Returns an element of index.html; throws if it is missing. @template {HTMLElement} T @param {string} id @param {new () => T} type @returns {T} */
export function byId(id, type) {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new TypeError(`index.html has no ${type.name} with ID ${id}`);
  return element;
}

/** @param {Element | null} element @param {string} text */
export function setText(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

/** @param {Element} element @param {boolean} on */
export const setPressed = (element, on) => element.setAttribute('aria-pressed', String(on));

/** @param {string} id @param {() => void} run */
export const onClick = (id, run) => byId(id, HTMLButtonElement).addEventListener('click', run);

/** @param {string} tag @param {string} className @param {string} [text] */
export function make(tag, className, text = '') {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}
