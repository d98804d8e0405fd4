// Groups sources by their folders, e.g. `/logs/web1/api.log` below `/logs/web1/`. A folder with a
// single child is joined with it, and the folder of all sources is left out, as in file trees.

import { NATURAL, describeState, isChosen } from './sources.js';

/** Sources from which on they are shown as a tree. When doubled, lists of a dozen files stay flat. */
const TREE_FROM = 8;

/** States in the order in which a folder shows them, the worst first. */
const SEVERITY = ['refused', 'unreachable', 'unreadable', 'stalled', 'removed', 'truncated', 'waiting', 'rotated', 'ended', '', 'live'];

/**
 * @typedef {object} TreeNode
 * @property {string} key name of the source, or place of the folder with a slash at its end
 * @property {string} place
 * @property {string} label part of the place that the parent does not have
 * @property {number} depth
 * @property {TreeNode | null} parent
 * @property {TreeNode[]} children in the order of the sources; empty for a source
 * @property {import('./sources.js').Source[]} sources all sources below, or the source itself
 * @property {boolean} isFolder
 */

/** @param {string} key @param {string} place @param {TreeNode | null} parent @param {boolean} isFolder @returns {TreeNode} */
const nodeOf = (key, place, parent, isFolder) => ({ key, place, label: key, depth: 0, parent, children: [], sources: [], isFolder });

/**
 * Returns the root of the tree; all sources are its children if they are few.
 * @param {import('./sources.js').Source[]} sources in the order of their names
 */
export function buildTree(sources) {
  const root = nodeOf('', '', null, true);
  const isFlat = sources.length < TREE_FROM;
  const inOrder = isFlat ? sources : [...sources].sort((a, b) => NATURAL.compare(a.place, b.place));
  /** @type {Map<string, TreeNode>} */
  const folders = new Map([['', root]]);
  for (const source of inOrder) {
    const leaf = nodeOf(source.name, source.place, isFlat ? root : folderOf(source.place, folders), false);
    leaf.parent?.children.push(leaf);
    leaf.sources = [source];
    for (let folder = leaf.parent; folder; folder = folder.parent) folder.sources.push(source);
  }
  if (isFlat) return root;
  let common = root;
  while (common.children.length === 1 && common.children[0].isFolder) [common] = common.children;
  common.parent = null;
  joinSingles(common, 0);
  return common;
}

/** Returns the folder of a place, and adds it with all above it if it is new. @param {string} place @param {Map<string, TreeNode>} folders @returns {TreeNode} */
function folderOf(place, folders) {
  const key = place.length < 2 ? '' : place.slice(0, place.lastIndexOf('/', place.length - 2) + 1);
  let folder = folders.get(key);
  if (!folder) {
    const parent = folderOf(key, folders);
    folders.set(key, (folder = nodeOf(key, key, parent, true)));
    parent.children.push(folder);
  }
  return folder;
}

/** Replaces folders with a single child by this child, and sets labels and depths. @param {TreeNode} node @param {number} depth */
function joinSingles(node, depth) {
  node.children = node.children.map((child) => {
    let only = child;
    while (only.children.length === 1) [only] = only.children;
    only.parent = node;
    only.label = only.place.slice(node.place.length);
    only.depth = depth;
    joinSingles(only, depth + 1);
    return only;
  });
}

/**
 * Returns the nodes that the list shows, in order.
 * @param {TreeNode} root
 * @param {(folder: TreeNode) => boolean} isOpen
 * @param {string} filter words that the places contain below the root; all folders are open unless it is empty
 */
export function shownNodes(root, isOpen, filter) {
  const matches = matcherOf(filter, root);
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

/** @param {string} filter @param {TreeNode} root @returns {(source: import('./sources.js').Source) => boolean} */
function matcherOf(filter, root) {
  const words = filter.toLowerCase().split(/\s+/);
  return ({ place }) => {
    const text = place.slice(root.place.length).toLowerCase();
    return words.every((word) => text.includes(word));
  };
}

/** Returns keys for all sources that match: a folder's key if all its sources do. @param {TreeNode} root @param {string} filter */
export function matchingKeys(root, filter) {
  const matches = matcherOf(filter, root);
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
  const places = new Map(root.sources.map(({ name, place }) => [name, place]));
  const isWithin = (/** @type {string} */ one, /** @type {string} */ folder) => one !== folder && folder.endsWith('/') && (places.get(one) ?? one).startsWith(folder);
  const others = [...chosen].filter((other) => other !== key && !isWithin(other, key));
  if (chosen.has(key)) return others;
  const above = others.find((other) => isWithin(key, other));
  if (above === undefined) return [...others, key];
  const rest = root.sources.filter(({ name }) => isWithin(name, above) && name !== key && !isWithin(name, key));
  return [...others.filter((other) => other !== above), ...rest.map(({ name }) => name)];
}

/**
 * Returns the part of the sources below a node that is chosen: all, some or none of them.
 * @param {TreeNode} node
 * @param {Set<string>} chosen
 * @returns {'true' | 'mixed' | 'false'} value for aria-pressed
 */
export function chosenState(node, chosen) {
  if (chosen.size === 0) return 'false';
  const count = node.sources.filter((source) => isChosen(chosen, source)).length;
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
