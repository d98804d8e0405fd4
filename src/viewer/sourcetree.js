// Groups sources by the folders of their names, e.g. `web1/api.log` below `web1/`. A folder with a
// single child is joined with it, as in file trees.

import { describeState, isChosen } from './sources.js';

/** Sources from which on they are shown as a tree. When doubled, lists of a dozen files stay flat. */
const TREE_FROM = 8;

/** States in the order in which a folder shows them, the worst first. */
const SEVERITY = ['unreadable', 'stalled', 'removed', 'truncated', 'waiting', 'rotated', 'ended', '', 'live'];

/**
 * @typedef {object} TreeNode
 * @property {string} key name of the source, or path of the folder with a slash at its end
 * @property {string} label part of the key that the parent does not have
 * @property {number} depth
 * @property {TreeNode | null} parent
 * @property {TreeNode[]} children in the order of the sources; empty for a source
 * @property {import('./sources.js').Source[]} sources all sources below, or the source itself
 * @property {boolean} isFolder
 */

/** @param {string} key @param {TreeNode | null} parent @param {boolean} isFolder @returns {TreeNode} */
const nodeOf = (key, parent, isFolder) => ({ key, label: key, depth: 0, parent, children: [], sources: [], isFolder });

/**
 * Returns the root of the tree; all sources are its children if they are few or have no folder in common.
 * @param {import('./sources.js').Source[]} sources in the order of the list
 */
export function buildTree(sources) {
  const root = nodeOf('', null, true);
  if (sources.length < TREE_FROM) return addFlat(root, sources);
  /** @type {Map<string, TreeNode>} */
  const folders = new Map([['', root]]);
  for (const source of sources) {
    const leaf = nodeOf(source.name, folderOf(source.name, folders), false);
    leaf.parent?.children.push(leaf);
    leaf.sources = [source];
    for (let folder = leaf.parent; folder; folder = folder.parent) folder.sources.push(source);
  }
  joinSingles(root);
  return root;
}

/** @param {TreeNode} root @param {import('./sources.js').Source[]} sources */
function addFlat(root, sources) {
  root.children = sources.map((source) => ({ ...nodeOf(source.name, root, false), sources: [source] }));
  root.sources = sources;
  return root;
}

/** Returns the folder of a name, and adds it with all above it if it is new. @param {string} name @param {Map<string, TreeNode>} folders @returns {TreeNode} */
function folderOf(name, folders) {
  const key = name.length < 2 ? '' : name.slice(0, name.lastIndexOf('/', name.length - 2) + 1);
  let folder = folders.get(key);
  if (!folder) {
    const parent = folderOf(key, folders);
    folders.set(key, (folder = nodeOf(key, parent, true)));
    parent.children.push(folder);
  }
  return folder;
}

/** Replaces folders with a single child by this child, and sets labels and depths. @param {TreeNode} node */
function joinSingles(node) {
  node.children = node.children.map((child) => {
    let only = child;
    while (only.children.length === 1) [only] = only.children;
    only.parent = node;
    only.label = only.key.slice(node.key.length);
    only.depth = node.parent ? node.depth + 1 : 0;
    joinSingles(only);
    return only;
  });
}

/**
 * Returns the nodes that the list shows, in order.
 * @param {TreeNode} root
 * @param {(folder: TreeNode) => boolean} isOpen
 * @param {string} filter words that the names contain; all folders are open unless it is empty
 */
export function shownNodes(root, isOpen, filter) {
  const matches = matcherOf(filter);
  /** @type {TreeNode[]} */
  const shown = [];
  const visit = (/** @type {TreeNode} */ node) => {
    for (const child of node.children) {
      if (filter && !child.sources.some(matches)) continue;
      shown.push(child);
      if (child.isFolder && (filter || isOpen(child))) visit(child);
    }
  };
  visit(root);
  return shown;
}

/** @param {string} filter @returns {(source: { name: string }) => boolean} */
function matcherOf(filter) {
  const words = filter.toLowerCase().split(/\s+/);
  return ({ name }) => words.every((word) => name.toLowerCase().includes(word));
}

/** Returns keys for all sources that match: a folder's key if all its sources do. @param {TreeNode} root @param {string} filter */
export function matchingKeys(root, filter) {
  const matches = matcherOf(filter);
  /** @type {string[]} */
  const keys = [];
  const visit = (/** @type {TreeNode} */ node) => {
    if (node.parent && node.sources.every(matches)) keys.push(node.key);
    else node.children.forEach(visit);
  };
  visit(root);
  return keys;
}

/**
 * Returns the chosen keys after a click on one of them.
 * @param {TreeNode} root
 * @param {Set<string>} chosen keys of sources and folders
 * @param {string} key
 * @param {boolean} combine adds or removes the key instead of choosing only it
 * @returns {string[]}
 */
export function chosenAfter(root, chosen, key, combine) {
  if (!combine) return chosen.size === 1 && chosen.has(key) ? [] : [key];
  const isBelow = (/** @type {string} */ other) => other !== key && key.endsWith('/') && other.startsWith(key);
  const others = [...chosen].filter((other) => other !== key && !isBelow(other));
  if (chosen.has(key)) return others;
  const above = others.find((other) => other.endsWith('/') && key.startsWith(other));
  if (above === undefined) return [...others, key];
  const rest = root.sources.filter(({ name }) => name.startsWith(above) && name !== key && !(key.endsWith('/') && name.startsWith(key)));
  return [...others.filter((other) => other !== above), ...rest.map(({ name }) => name)];
}

/**
 * Returns whether the sources below a node are chosen: all, some or none of them.
 * @param {TreeNode} node
 * @param {Set<string>} chosen
 * @returns {'true' | 'mixed' | 'false'} value for aria-pressed
 */
export function chosenState(node, chosen) {
  if (chosen.size === 0) return 'false';
  if (!node.isFolder) return isChosen(chosen, node.key) ? 'true' : 'false';
  const count = node.sources.filter(({ name }) => isChosen(chosen, name)).length;
  return count === 0 ? 'false' : count === node.sources.length ? 'true' : 'mixed';
}

/**
 * Returns the number of lines below a node and the worst state there, in words.
 * @param {TreeNode} node
 */
export function summaryOf({ sources }) {
  let count = 0;
  let worst = SEVERITY.length;
  let inWorst = 0;
  for (const source of sources) {
    count += source.count;
    const at = SEVERITY.indexOf(source.state);
    const severity = at < 0 ? 0 : at;
    if (severity < worst) [worst, inWorst] = [severity, 0];
    if (severity === worst) inWorst++;
  }
  const { text, bad } = describeState(SEVERITY[worst] ?? '');
  const isAll = inWorst === sources.length;
  return { count, state: !text || isAll ? text : bad ? `${inWorst} of ${sources.length} ${text.toLowerCase()}` : '', bad, isLive: sources.some(({ state }) => state === 'live' || state === '') };
}
