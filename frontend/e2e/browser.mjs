import { chromium } from "playwright-core";

const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

/** Opens the system's Chromium; LOCI_CHROMIUM names another one. */
export function openBrowser() {
  return chromium.launch({ executablePath: process.env.LOCI_CHROMIUM ?? "/usr/bin/chromium", args: ARGS });
}
