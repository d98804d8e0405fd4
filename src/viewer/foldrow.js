// Shows in a row what is folded under it: the number of lines and a button, the title of a group
// without the syntax of its marker, and the indent of lines in groups.

import { make, setText } from './dom.js';
import { ago, count, plural } from './format.js';

/** Deepest indent in viewer.css. */
const MAX_INDENT = 4;

/** Shortest duration of a group that is shown. When doubled, fewer groups have one. */
const MIN_DURATION_MS = 1000;

/**
 * Adds the buttons to a filled row.
 * @param {HTMLElement} row
 * @param {number} n
 * @param {import('./folds.js').Folds} folds
 */
export function showFolds(row, n, folds) {
  const { group, depth } = folds.at(n);
  if (depth) row.classList.add('grouped', `in${Math.min(depth, MAX_INDENT)}`);
  const text = row.querySelector('.text');
  if (group && text) {
    row.classList.add('group-head');
    hideSyntax(text, group.syntax);
    const isBlank = [...text.childNodes].every((node) => node instanceof Element && node.matches('.syntax'));
    if (isBlank) text.append(make('span', 'group-name', group.name));
  }
  updateFolds(row, n, folds);
}

/** Updates the buttons of a row that has not been filled again. @param {HTMLElement} row @param {number} n @param {import('./folds.js').Folds} folds */
export function updateFolds(row, n, folds) {
  const { entry, run, group } = folds.at(n);
  if (group) {
    const toggle = showButton(row, 'group', row, group.isFolded, '');
    toggle.setAttribute('aria-label', `${group.isFolded ? 'Unfold' : 'Fold'} ${group.name}`);
    showSize(row, group);
  }
  showTextButton(row, 'entry', entry, entry ? entryLabel(entry) : '');
  showTextButton(row, 'run', run, run ? `× ${count(run.heads.length)}` : '');
if (run) row.querySelector('.fold-run')?.setAttribute('aria-label', runLabel(run));
}

/** @param {import('./entries.js').Entry} entry */
const entryLabel = ({ isFolded, count: lines }) => (isFolded ? plural(lines, 'more line') : `Fold ${plural(lines, 'line')}`);

/** @param {import('./repeats.js').Run} run */
const runLabel = ({ isFolded, heads }) => (isFolded ? `Show all ${count(heads.length)} equal entries` : `Show only the newest of ${count(heads.length)} equal entries`);

/** @param {HTMLElement} row @param {import('./folds.js').FoldKind} kind @param {{ isFolded: boolean } | null} block @param {string} label */
function showTextButton(row, kind, block, label) {
  if (block) return void showButton(row, kind, row.querySelector('.text') ?? row, block.isFolded, label);
  row.querySelector(`.fold[data-fold="${kind}"]`)?.remove();
}

/**
 * @param {HTMLElement} row
 * @param {import('./folds.js').FoldKind} kind
 * @param {Element} parent
 * @param {boolean} isFolded
 * @param {string} label
 */
function showButton(row, kind, parent, isFolded, label) {
  let button = /** @type {HTMLElement | null} */ (row.querySelector(`.fold[data-fold="${kind}"]`));
  if (!button) {
    button = make('button', `fold fold-${kind}`);
    button.dataset.fold = kind;
    button.tabIndex = -1;
    parent.insertBefore(button, parent.querySelector(':scope > .tree'));
  }
  button.setAttribute('aria-expanded', String(!isFolded));
  setText(button, label);
  return button;
}

/** @param {HTMLElement} row @param {import('./groups.js').Group} group */
function showSize(row, { count: lines, from, to }) {
  let size = row.querySelector('.group-size');
  if (!size) {
    size = make('span', 'group-size');
    row.querySelector('.text')?.append(size);
  }
  const duration = to - from >= MIN_DURATION_MS ? ` · ${ago(from, to)}` : '';
  setText(size, plural(lines, 'line') + duration);
}

/** Hides ranges of a text; they stay in the document, so that selections count them. @param {Element} text @param {[number, number][]} ranges */
function hideSyntax(text, ranges) {
  const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
  let at = 0;
  for (let node = /** @type {Text | null} */ (walker.nextNode()); node; node = /** @type {Text | null} */ (walker.nextNode())) {
    const end = at + node.length;
    const range = ranges.find(([from, to]) => from < end && to > at);
    if (!range) {
      at = end;
      continue;
    }
    if (range[0] > at) node = node.splitText(range[0] - at);
    at = Math.max(at, range[0]);
    if (range[1] < end) node.splitText(range[1] - at);
    at += node.length;
    const syntax = make('span', 'syntax');
    node.replaceWith(syntax);
    syntax.append(node);
    walker.currentNode = node;
  }
}
