// Draws the bars and labels of the timeline on its canvas.

import { LEVEL, LEVELS } from './level.js';
import { resolveColour } from './overview.js';
import { ticksOf } from './timeaxis.js';

/** Height of the labels in pixels. When doubled, bars are lower. */
const LABELS_PX = 16;
/** Least distance of labels in pixels. When doubled, half of them are left out. */
const LABEL_DISTANCE_PX = 84;
/**
 * Least height of the part of a level that has lines. When doubled, single lines look like more.
 */
const MIN_PART_PX = 2;

/**
 * Parts of a bar, from its foot: a few errors stay comparable under many other lines.
 * @type {[number[], string][]}
 */
const PARTS = [
  [[LEVEL.ERROR], '--bar-error'],
  [[LEVEL.WARN], '--bar-warn'],
  [[LEVEL.INFO], '--bar-info'],
  [[LEVEL.DEBUG, LEVEL.NONE], '--bar-other'],
];

/** Returns the lines of all levels in a bucket. @param {Uint32Array} bars @param {number} i */
export function totalOf(bars, i) {
  return bars.subarray(i * LEVELS.length, (i + 1) * LEVELS.length).reduce((sum, n) => sum + n, 0);
}

/**
 * Returns the heights of the parts of a bar: in proportion to their lines, but MIN_PART_PX at least.
 * @param {Uint32Array} bars
 * @param {number} i bucket
 * @param {number} scale pixels per line
 */
export function partHeights(bars, i, scale) {
  return PARTS.map(([levels]) => {
    const lines = levels.reduce((sum, level) => sum + bars[i * LEVELS.length + level], 0);
    return lines && Math.max(MIN_PART_PX, Math.round(lines * scale));
  });
}

/** @typedef {{ parts: string[], line: string, text: string, font: string }} Style */

/** Returns colours and font of the theme, which take longer than drawing. @param {HTMLCanvasElement} canvas */
export function styleOf(canvas) {
  const colour = (/** @type {string} */ name) => resolveColour(canvas, name);
  return { parts: PARTS.map(([, name]) => colour(name)), line: colour('--field'), text: colour('--muted'), font: `10.5px ${getComputedStyle(canvas).fontFamily}` };
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {import('./timeaxis.js').Axis} axis
 * @param {Uint32Array} bars
 * @param {Style} style
 * @param {number} now clock time
 */
export function drawBars(canvas, axis, bars, style, now) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const context = canvas.getContext('2d');
  if (!context || !width || !height) return;
  const ratio = devicePixelRatio || 1;
  [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
  context.scale(ratio, ratio);
  const foot = height - LABELS_PX;
  let most = 1;
  for (let i = 0; i < axis.count; i++) most = Math.max(most, totalOf(bars, i));
  const scale = (foot - 3) / most;
  const left = (/** @type {number} */ i) => Math.round((i * width * ratio) / axis.count) / ratio;
  const gap = width / axis.count >= 4 ? 1 : 0;
  for (let i = 0; i < axis.count; i++) {
    let y = foot;
    partHeights(bars, i, scale).forEach((part, p) => {
      if (!part) return;
      context.fillStyle = style.parts[p];
      context.fillRect(left(i), Math.max(0, y - part), left(i + 1) - left(i) - gap, part);
      y -= part;
    });
  }
  drawLabels(context, axis, foot, style, now);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import('./timeaxis.js').Axis} axis
 * @param {number} foot
 * @param {Style} style
 * @param {number} now clock time
 */
function drawLabels(context, axis, foot, style, now) {
  const width = context.canvas.clientWidth;
  context.fillStyle = style.line;
  context.fillRect(0, foot, width, 1);
  context.font = style.font;
  let free = 4;
  for (const { at, text } of ticksOf(axis, width / LABEL_DISTANCE_PX, now)) {
    const x = Math.round((at / axis.count) * width);
    context.fillStyle = style.line;
    context.fillRect(x, foot, 1, 4);
    const size = context.measureText(text).width;
    const start = Math.max(4, x - size / 2);
    if (start < free || start + size > width - 2) continue;
    context.fillStyle = style.text;
    context.fillText(text, start, foot + 13);
    free = start + size + 12;
  }
}
