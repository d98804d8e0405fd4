// The part of a browser that tests in several engines use, and a record of the page's problems.

/**
 * @typedef {object} Engine
 * @property {string[]} reported errors that the browser itself has reported, in the page or its log
 * @property {(url: string) => Promise<unknown>} open
 * @property {(code: Function, ...args: unknown[]) => Promise<any>} run calls a function in the page, which must not return a promise
 * @property {(combination: string) => Promise<unknown>} press presses keys together, as Control+c
 * @property {(text: string) => Promise<unknown>} type
 * @property {(x: number, y: number) => Promise<unknown>} move moves the mouse
 * @property {() => Promise<unknown>} down presses the mouse button
 * @property {() => Promise<unknown>} up
 * @property {(pixels: number) => Promise<unknown>} wheel
 * @property {() => Promise<unknown>} stop
 */

/** Lists errors, rejections, missing files, console errors and CSP violations in `globalThis.problems`. */
function recordProblems() {
  const problems = (globalThis.problems = []);
  const log = console.error;
  console.error = (...parts) => {
    problems.push(`console ${parts.join(' ')}`);
    log(...parts);
  };
  addEventListener('error', (event) => problems.push(`error ${event.message ?? event.target.outerHTML}`), true);
  addEventListener('unhandledrejection', (event) => problems.push(`rejection ${event.reason}`));
  addEventListener('securitypolicyviolation', (event) => problems.push(`CSP ${event.violatedDirective} ${event.blockedURI}`));
}

/** Script for `newDriver` that runs in the page before its own scripts. */
export const RECORDER = `(${recordProblems})();`;
