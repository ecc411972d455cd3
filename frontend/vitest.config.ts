import { defineConfig } from "vitest/config";
import { keymapPlugin } from "./keymap.mjs";

export default defineConfig({
  plugins: [keymapPlugin()],
  oxc: { jsx: { runtime: "automatic" } },
  test: { include: ["src/**/*.test.{ts,tsx}"], environment: "happy-dom" },
});
