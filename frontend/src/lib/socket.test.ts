import { describe, expect, test } from "vitest";
import type { ClientMessage } from "./api.gen";
import { Socket, WAITS, type Line } from "./socket";
import type { News } from "./transport";

class ScriptedLine implements Line {
  sent: ClientMessage[] = [];
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  send(text: string) {
    this.sent.push(JSON.parse(text) as ClientMessage);
  }
  close() {
    this.onclose?.();
  }
  says(topic: string, number: number, type = "run") {
    this.onmessage?.({ data: JSON.stringify({ type, topic, number }) });
  }
}

function start() {
  const lines: ScriptedLine[] = [];
  const waits: { ms: number; run: () => void }[] = [];
  const socket = new Socket({
    open: () => {
      const line = new ScriptedLine();
      lines.push(line);
      return line;
    },
    now: () => 5,
    later: (run, ms) => waits.push({ run, ms }),
  });
  const heard: string[] = [];
  const hear = (news: News) => heard.push(news.kind === "message" ? String(news.message.number) : news.kind);
  const line = () => lines[lines.length - 1] as ScriptedLine;
  return { socket, line, lines, waits, heard, hear };
}

describe("the line to the server", () => {
  test("a topic that was asked for before the line stood is asked for when it stands", () => {
    const { socket, line, hear } = start();
    socket.watch("run:a", hear);
    expect(line().sent).toEqual([]);
    line().onopen?.();
    expect(line().sent).toEqual([{ type: "watch", topic: "run:a", after: 0 }]);
  });

  test("nothing is shown twice and nothing of another topic is shown", () => {
    const { socket, line, heard, hear } = start();
    line().onopen?.();
    socket.watch("run:a", hear);
    for (const n of [1, 2, 2, 1, 3]) line().says(n === 1 && heard.length > 1 ? "run:b" : "run:a", n);
    expect(heard).toEqual(["1", "2", "3"]);
  });

  test("after a break it asks from the last number on and says that something may be missing", () => {
    const { socket, line, waits, heard, hear } = start();
    line().onopen?.();
    socket.watch("run:a", hear);
    line().says("run:a", 1);
    line().says("run:a", 2);
    line().close();
    expect(socket.connection.get().state).toBe("lost");
    waits[0]?.run();
    line().onopen?.();
    expect(line().sent).toEqual([{ type: "watch", topic: "run:a", after: 2 }]);
    line().says("run:a", 2);
    line().says("run:a", 3);
    expect(heard).toEqual(["1", "2", "gap", "3"]);
  });

  test("it tries again after half a second, one, two, four, then every five", () => {
    const { line, waits } = start();
    for (let i = 0; i < 6; i++) {
      line().close();
      waits[i]?.run();
    }
    expect(waits.map((w) => w.ms)).toEqual([...WAITS, 5000]);
  });

  test("a jump in the numbers, a lag and a server that starts anew are gaps", () => {
    const { socket, line, heard, hear } = start();
    line().onopen?.();
    socket.watch("run:a", hear);
    line().says("run:a", 4);
    line().says("run:a", 9);
    line().says("run:a", 0, "lag");
    line().says("run:a", 1);
    expect(heard).toEqual(["4", "gap", "9", "gap", "gap", "1"]);
  });

  test("the last one who leaves unsubscribes", () => {
    const { socket, line, hear } = start();
    line().onopen?.();
    const one = socket.watch("run:a", hear);
    const two = socket.watch("run:a", () => undefined);
    one();
    two();
    expect(line().sent.map((m) => m.type)).toEqual(["watch", "unwatch"]);
  });
});
