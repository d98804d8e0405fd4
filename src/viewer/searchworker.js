// Worker of regexsearch.js: reports which lines match, or that a line took too long.

import { compile } from './query.js';

/** Time per line; highlighting takes the page as long again. When doubled, the page blocks longer. */
const MAX_LINE_MS = 100;

/** @typedef {{ ready?: boolean, slow?: boolean, results?: Uint8Array }} Answer */

/** @param {Answer} answer */
const respond = (answer) => self.postMessage(answer);

/** @param {MessageEvent<{ query: import('./query.js').Query, texts: string[] }>} event */
self.onmessage = ({ data: { query, texts } }) => {
  const { matcher } = compile(query);
  const results = new Uint8Array(texts.length);
  for (const [i, text] of texts.entries()) {
    const start = performance.now();
    if (matcher?.test(text)) results[i] = 1;
    if (results[i]) matcher?.ranges(text);
    if (performance.now() - start > MAX_LINE_MS) return respond({ slow: true });
  }
  respond({ results });
};
respond({ ready: true });
