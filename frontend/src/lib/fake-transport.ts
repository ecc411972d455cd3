import { Store } from "./store";
import { Failure, type Connection, type News, type Query, type Transport } from "./transport";

type Answer = unknown | ((query: Query, body: unknown) => unknown);

/** A transport for tests: answers come from a table, news from the test. */
export class FakeTransport implements Transport {
  readonly connection = new Store<Connection>({ state: "live", heard: 1 });
  readonly sent: { path: string; query: Query; body: unknown }[] = [];
  private readonly hearers = new Map<string, Set<(news: News) => void>>();

  constructor(private readonly answers: Record<string, Answer>) {}

  async get<T>(path: string, query: Query = {}): Promise<T> {
    return this.answer<T>(path, query, undefined);
  }

  async post<T>(path: string, query: Query = {}, body: unknown = {}): Promise<T> {
    this.sent.push({ path, query, body });
    return this.answer<T>(path, query, body);
  }

  watch(topic: string, hear: (news: News) => void): () => void {
    const set = this.hearers.get(topic) ?? new Set();
    this.hearers.set(topic, set.add(hear));
    return () => void set.delete(hear);
  }

  /** Brings news to everyone who follows the topic. */
  tell(topic: string, news: News): void {
    for (const hear of this.hearers.get(topic) ?? []) hear(news);
  }

  private async answer<T>(path: string, query: Query, body: unknown): Promise<T> {
    if (!(path in this.answers))
      throw new Failure("not-found", `nothing stands at ${path}`, "add it to the test");
    const answer = this.answers[path];
    return (typeof answer === "function" ? answer(query, body) : answer) as T;
  }
}
