import { defineConfig } from "vite";

// The viewer of shared pages: one script and one style, which the program puts into the page it writes (backend/bundle).
export default defineConfig({
  oxc: { jsx: { runtime: "automatic" } },
  publicDir: false,
  define: { "process.env.NODE_ENV": JSON.stringify("production") },
  build: {
    target: "es2022",
    outDir: "dist/report",
    emptyOutDir: true,
    chunkSizeWarningLimit: 1500,
    cssCodeSplit: false,
    lib: {
      entry: "src/report/main.tsx",
      name: "LociReport",
      formats: ["iife"],
      fileName: () => "report.js",
      cssFileName: "report",
    },
    rolldownOptions: {
      onLog(level, log, next) {
        // "use client" says nothing to a page without a rendering server.
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") next(level, log);
      },
    },
  },
});
