// The worker of finder.js: tells of each line whether it matches, or that it took too long.

import { compile } from './query.js';

/** What one line may take, in ms: the page will look for the places of its hits itself. */
const BUDGET = 100;

/** @typedef {{ ready?: boolean, slow?: boolean, found?: Uint8Array }} Answer */

/** @param {Answer} answer */
const say = (answer) => self.postMessage(answer);

/** @param {MessageEvent<{ query: import('./query.js').Query, texts: string[] }>} event */
self.onmessage = ({ data: { query, texts } }) => {
  const { matcher } = compile(query);
  const found = new Uint8Array(texts.length);
  for (const [i, text] of texts.entries()) {
    const start = performance.now();
    if (matcher?.test(text)) found[i] = 1;
    if (found[i]) matcher?.ranges(text);
    if (performance.now() - start > BUDGET) return say({ slow: true });
  }
  say({ found });
};
say({ ready: true });
