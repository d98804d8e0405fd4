// Connects elements of the document with the fields whose values they show.

/** @type {WeakMap<Element, import('./record.js').Field>} */
const fields = new WeakMap();

/** @template {Element} T @param {T} element @param {import('./record.js').Field} field */
export function setField(element, field) {
  fields.set(element, field);
  return element;
}

/**
 * Returns the field whose value an element is part of.
 * @param {Element} element
 * @returns {{ element: Element, field: import('./record.js').Field } | null}
 */
export function fieldAt(element) {
  const found = element.closest('.field');
  const field = found && fields.get(found);
  return found && field ? { element: found, field } : null;
}
