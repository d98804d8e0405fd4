// What cannot wait for the modules: the remembered look of what is painted first.
// And they wait for it: two dozen requests at once would hold up the first paint.

(() => {
  const root = document.documentElement;
  try {
    const { theme = 'system', side = true } = JSON.parse(localStorage.getItem('ssetail') ?? '{}');
    root.dataset.theme = theme;
    root.classList.toggle('no-side', !side);
  } catch {
    root.dataset.theme = 'system';
  }
  /** The second time there is nothing left to start. */
  const start = () => {
    const modules = document.getElementById('modules');
    if (modules instanceof HTMLTemplateElement) document.body.append(modules.content);
  };
  document.addEventListener('DOMContentLoaded', () => {
    if (document.hidden) return start();
    new PerformanceObserver(start).observe({ type: 'paint', buffered: true });
    setTimeout(start, 300);
  });
})();
