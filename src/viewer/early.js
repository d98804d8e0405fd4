// Applies the stored theme before the first paint, and loads the script after it: to load and run
// it at once would delay the first paint.

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
  /** Inserts the script. A second call finds an empty template and does nothing. */
  const start = () => {
    const script = document.getElementById('script');
    if (script instanceof HTMLTemplateElement) document.body.append(script.content);
  };
  document.addEventListener('DOMContentLoaded', () => {
    if (document.hidden) return start();
    new PerformanceObserver(start).observe({ type: 'paint', buffered: true });
    setTimeout(start, 300);
  });
})();
