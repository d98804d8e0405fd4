// Writes text to the clipboard, also where the page is not in a secure context, such as plain
// http under a name other than localhost: the asynchronous interface does not exist there.

/** @param {string} text @returns {Promise<boolean>} true if the clipboard has the text */
export async function writeClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyByCommand(text);
  }
}

/** Runs the browser's own copy command and gives it the text. @param {string} text */
function copyByCommand(text) {
  let isDone = false;
  const give = (/** @type {ClipboardEvent} */ event) => {
    event.clipboardData?.setData('text/plain', text);
    event.preventDefault();
    event.stopImmediatePropagation();
    isDone = true;
  };
  const focused = document.activeElement;
  const field = placeholder();
  window.addEventListener('copy', give, true);
  document.execCommand('copy');
  window.removeEventListener('copy', give, true);
  field.remove();
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  return isDone;
}

/** Returns a selected field, because the command does nothing without a selection. */
function placeholder() {
  const field = document.createElement('textarea');
  field.className = 'visually-hidden';
  field.value = ' ';
  document.body.append(field);
  field.select();
  return field;
}
