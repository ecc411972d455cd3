import { expect, test } from "vitest";
import { Latest } from "./latest";

test("of many wishes the first and the newest are done, one after the other", async () => {
  const done: number[] = [];
  const open: (() => void)[] = [];
  const latest = new Latest<number>((wish) => {
    done.push(wish);
    return new Promise((resolve) => open.push(resolve));
  });
  for (const wish of [1, 2, 3]) latest.ask(wish);
  expect(done).toEqual([1]);
  open[0]?.();
  await Promise.resolve();
  await Promise.resolve();
  expect(done).toEqual([1, 3]);
  latest.ask(4);
  latest.stop();
  open[1]?.();
  await Promise.resolve();
  await Promise.resolve();
  expect(done).toEqual([1, 3]);
});
