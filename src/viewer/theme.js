// Sets the remembered theme before the first paint. Not a module, because modules wait.

(() => {
  try {
    const { theme = 'system' } = JSON.parse(localStorage.getItem('ssetail') ?? '{}');
    document.documentElement.dataset.theme = theme;
  } catch {
    document.documentElement.dataset.theme = 'system';
  }
})();
