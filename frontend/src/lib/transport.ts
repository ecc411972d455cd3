import type { ServerMessage } from "./api.gen";
import type { Frame } from "./frames";
import type { Store } from "./store";

/** Why a request failed, in the server's words. */
export class Failure extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly hint: string,
    readonly ref = "",
  ) {
    super(message);
    this.name = "Failure";
  }
}

/** Turns anything thrown into a Failure. */
export function failure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new Failure("internal", text, "reload the page; if it comes back, copy the details into a report");
}

/** The state of the line to the server. */
export interface Connection {
  state: "connecting" | "live" | "lost";
  /** When the server was last heard, in milliseconds; 0 for never. */
  heard: number;
}

export type Query = Record<string, string | number>;

/** What a topic brings: a message, points of a chart, or the word that something may have been missed. */
export type News =
  { kind: "message"; message: ServerMessage } | { kind: "frame"; frame: Frame } | { kind: "gap" };

/** Everything the pages ask of the server. There is one over HTTP and WebSocket and one for tests. */
export interface Transport {
  get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T>;
  post<T>(path: string, query?: Query, body?: unknown): Promise<T>;
  /** Follows a topic until the returned function is called. */
  watch(topic: string, hear: (news: News) => void): () => void;
  readonly connection: Store<Connection>;
}
