import type { ClientMessage, ServerMessage } from "./api.gen";
import { decodeFrame, type Frame } from "./frames";
import { Store } from "./store";
import type { Connection, News } from "./transport";

/** Waits between attempts to connect, in milliseconds; the last one repeats. */
export const WAITS = [500, 1000, 2000, 4000, 5000] as const;

/** The part of a WebSocket that is used, so that tests can script one. */
export interface Line {
  send(text: string): void;
  close(): void;
  onopen: (() => void) | null;
  onclose: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
}

export interface SocketParts {
  open: () => Line;
  now: () => number;
  later: (run: () => void, ms: number) => void;
}

interface Topic {
  last: number;
  hearers: Set<(news: News) => void>;
}

/** One connection that follows topics, comes back by itself and shows nothing twice. */
export class Socket {
  readonly connection = new Store<Connection>({ state: "connecting", heard: 0 });
  private readonly topics = new Map<string, Topic>();
  private line: Line | undefined;
  private up = false;
  private attempt = 0;

  constructor(private readonly parts: SocketParts) {
    this.connect();
  }

  watch(name: string, hear: (news: News) => void): () => void {
    const topic = this.topics.get(name) ?? { last: 0, hearers: new Set() };
    const fresh = topic.hearers.size === 0;
    topic.hearers.add(hear);
    this.topics.set(name, topic);
    if (fresh) this.send({ type: "watch", topic: name, after: topic.last });
    return () => this.leave(name, topic, hear);
  }

  /** Tells the server whether the page can be seen: a hidden page gets one message a second. */
  visible(on: boolean): void {
    this.send({ type: on ? "visible" : "hidden", topic: "", after: 0 });
  }

  private leave(name: string, topic: Topic, hear: (news: News) => void): void {
    topic.hearers.delete(hear);
    if (topic.hearers.size > 0) return;
    this.topics.delete(name);
    this.send({ type: "unwatch", topic: name, after: 0 });
  }

  private connect(): void {
    const line = this.parts.open();
    this.line = line;
    line.onopen = () => this.opened();
    line.onmessage = (event) => this.received(event.data);
    line.onclose = () => this.closed();
  }

  private opened(): void {
    const again = this.connection.get().heard > 0;
    this.up = true;
    this.attempt = 0;
    this.connection.set({ state: "live", heard: this.parts.now() });
    for (const [name, topic] of this.topics) {
      this.send({ type: "watch", topic: name, after: topic.last });
      if (again) tell(topic, { kind: "gap" });
    }
  }

  private closed(): void {
    this.up = false;
    this.connection.update((c) => ({ ...c, state: "lost" }));
    const wait = WAITS[Math.min(this.attempt, WAITS.length - 1)] ?? 5000;
    this.attempt++;
    this.parts.later(() => this.connect(), wait);
  }

  private received(data: unknown): void {
    this.connection.set({ state: "live", heard: this.parts.now() });
    if (data instanceof ArrayBuffer) return this.frame(decodeFrame(data));
    const message = JSON.parse(String(data)) as ServerMessage;
    const topic = this.topics.get(message.topic);
    if (!topic) return;
    if (message.type === "lag") return tell(topic, { kind: "gap" });
    if (this.isNew(topic, message.number)) tell(topic, { kind: "message", message });
  }

  private frame(frame: Frame): void {
    const topic = this.topics.get(frame.topic);
    if (topic && this.isNew(topic, frame.number)) tell(topic, { kind: "frame", frame });
  }

  /** Numbers rise by one within a topic. Falling back to 1 means that the server started anew; a jump means something was missed. */
  private isNew(topic: Topic, number: number): boolean {
    const { last } = topic;
    const restarted = number === 1 && last > 1;
    if (number <= last && !restarted) return false;
    topic.last = number;
    if (restarted || (last > 0 && number > last + 1)) tell(topic, { kind: "gap" });
    return true;
  }

  private send(message: ClientMessage): void {
    if (this.up) this.line?.send(JSON.stringify(message));
  }
}

function tell(topic: Topic, news: News): void {
  for (const hear of [...topic.hearers]) hear(news);
}
