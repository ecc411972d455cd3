import { defineConfig } from "vite";
import { keymapPlugin } from "./keymap.mjs";

export default defineConfig({
  plugins: [keymapPlugin()],
  oxc: { jsx: { runtime: "automatic" } },
  build: {
    target: "es2022",
    // The page's policy forbids inline scripts and data fonts; small files stay files.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 800,
    rolldownOptions: {
      onLog(level, log, next) {
        // "use client" says nothing to a page without a rendering server.
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") next(level, log);
      },
    },
  },
});
