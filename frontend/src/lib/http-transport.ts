import { request } from "./http";
import { Socket, type Line } from "./socket";
import type { Transport } from "./transport";

/** The transport of the pages: fetch and one WebSocket to the server that sent them. The window of the desktop uses the same. */
export function httpTransport(): Transport {
  const socket = new Socket({
    open: openLine,
    now: () => Date.now(),
    later: (run, ms) => void setTimeout(run, ms),
  });
  document.addEventListener("visibilitychange", () => socket.visible(!document.hidden));
  const doFetch = (...args: Parameters<typeof fetch>) => fetch(...args);
  return {
    connection: socket.connection,
    watch: (topic, hear) => socket.watch(topic, hear),
    get: (path, query = {}, signal) => request(doFetch, path, query, signal ? { signal } : {}),
    post: (path, query = {}, body = {}) =>
      request(doFetch, path, query, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
      }),
  };
}

function openLine(): Line {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const ws = new WebSocket(`${scheme}://${location.host}/api/ws`);
  ws.binaryType = "arraybuffer";
  const line: Line = {
    send: (text) => ws.send(text),
    close: () => ws.close(),
    onopen: null,
    onclose: null,
    onmessage: null,
  };
  ws.onopen = () => line.onopen?.();
  ws.onclose = () => line.onclose?.();
  ws.onmessage = (event: MessageEvent<unknown>) => line.onmessage?.(event);
  return line;
}
