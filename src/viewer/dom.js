// Finds the elements of index.html, or fails loudly; changes them only where they differ.

/** @template {HTMLElement} T @param {string} id @param {new () => T} type @returns {T} */
export function byId(id, type) {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new TypeError(`no ${type.name} #${id}`);
  return element;
}

/** @param {Element | null} element @param {string} text */
export function put(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

/** @param {Element} element @param {boolean} on */
export const press = (element, on) => element.setAttribute('aria-pressed', String(on));
