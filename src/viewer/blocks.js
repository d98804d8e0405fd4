// Blocks of lines of one source that one row may stand for. They are sorted by their first line.

/**
 * @typedef {object} Block
 * @property {number} head line whose row stands for the block
 * @property {number} last newest line of the block
 */

/**
 * Returns the index of the newest block whose head is not after a line, or -1.
 * @param {Block[]} blocks sorted
 * @param {number} n
 */
export function indexBefore(blocks, n) {
  let low = 0;
  let high = blocks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (blocks[middle].head <= n) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Adds a block at its place: older lines may be read later. @template {Block} T @param {T[]} blocks @param {T} block */
export function insertBlock(blocks, block) {
  const last = blocks.at(-1);
  if (!last || last.head < block.head) blocks.push(block);
  else blocks.splice(indexBefore(blocks, block.head) + 1, 0, block);
}

/** Removes the blocks that end before a line. @param {Block[]} blocks @param {number} first */
export function dropBlocks(blocks, first) {
  const count = indexBefore(blocks, first - 1) + 1;
  const kept = blocks.slice(0, count).filter(({ last }) => last >= first);
  if (kept.length < count) blocks.splice(0, count, ...kept);
}
