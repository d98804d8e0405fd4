// Applies the stored theme before the first paint, and loads the modules after it: two dozen
// requests at once would delay the first paint.

(() => {
  const root = document.documentElement;
  try {
    const { theme = 'system', side = true, timeline } = JSON.parse(localStorage.getItem('ssetail') ?? '{}');
    root.dataset.theme = theme;
    root.classList.toggle('no-side', !side);
    root.classList.toggle('no-timeline', !(timeline ?? innerWidth > 760));
  } catch {
    root.dataset.theme = 'system';
  }
  /** Inserts the module scripts. A second call finds an empty template and does nothing. */
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
