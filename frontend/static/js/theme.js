// Light, dark, or as the device prefers. The server reads the cookie too, so that no page flashes.

const YEAR = 31_536_000;

export function useThemeSwitch(root = document) {
  const buttons = [...root.querySelectorAll("[data-theme-choice]")];
  const show = (theme) => {
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.themeChoice === theme));
  };
  show(document.documentElement.dataset.theme ?? "");
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const theme = button.dataset.themeChoice;
      document.documentElement.dataset.theme = theme;
      document.cookie = `parley_theme=${theme}; path=/; max-age=${theme ? YEAR : 0}; samesite=lax`;
      show(theme);
    });
  }
}
