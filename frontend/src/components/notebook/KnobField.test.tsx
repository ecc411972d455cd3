import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Field, FormField, Json } from "../../lib/api.gen";
import { KnobField } from "./KnobField";

let root: Root;
let host: HTMLElement;
let said: Json[];

beforeEach(() => {
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
  host = document.body.appendChild(document.createElement("div"));
  root = createRoot(host);
  said = [];
});
afterEach(() => {
  act(() => root.unmount());
  host.remove();
});

function draw(part: Partial<Field>, value: Json, set = false) {
  const field: Field = {
    path: "lambda",
    type: "float",
    doc: "share of value in the choice",
    unit: "",
    default: 0.5,
    fast: null,
    full: null,
    min: 0,
    max: 1,
    enum: null,
    paper: "0.3",
    pitfall: "",
    symbol: "",
    group: "",
    main: true,
    ...part,
  };
  const form: FormField = { field, value, set };
  act(() => root.render(<KnobField form={form} onSet={(v) => said.push(v)} />));
}

function type(text: string, key = "Enter") {
  const input = host.querySelector<HTMLInputElement>("input[type=text]");
  if (!input) throw new Error("there is no field");
  act(() => {
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set?.call(input, text);
    input.dispatchEvent(new Event("input", { bubbles: true }));
  });
  act(() => void input.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true })));
  return input;
}

test("a knob says what it means, its range and the paper's value", () => {
  draw({}, 0.5);
  expect(host.textContent).toContain("share of value in the choice · 0 to 1 · paper: 0.3");
  expect(host.querySelector("label")?.htmlFor).toBe(host.querySelector("input")?.id);
});

test("Enter passes a legal value on, and leaving the field does not pass it on again", () => {
  draw({}, 0.5);
  const input = type("0.25");
  act(() => void input.dispatchEvent(new FocusEvent("focusout", { bubbles: true })));
  expect(said).toEqual([0.25]);
});

test("leaving the field passes the value on, too", () => {
  draw({}, 0.5);
  const input = type("0.25", "Tab");
  expect(said).toEqual([]);
  act(() => void input.dispatchEvent(new FocusEvent("focusout", { bubbles: true })));
  expect(said).toEqual([0.25]);
});

test("a value out of range is refused at the field, and the old one stays", () => {
  draw({}, 0.5);
  const input = type("1.7");
  expect(said).toEqual([]);
  expect(host.querySelector("[role=alert]")?.textContent).toBe("1.7 is outside 0 to 1; 0.5 stays");
  expect(input.getAttribute("aria-invalid")).toBe("true");
});

test("the server's answer replaces what was typed", () => {
  draw({}, 0.5);
  const input = type("1.7");
  draw({}, 0.75, true);
  expect(input.value).toBe("0.75");
  expect(host.querySelector("[role=alert]")).toBeNull();
});

test("a knob that was set can be given back to its default", () => {
  draw({}, 0.75, true);
  const button = [...host.querySelectorAll("button")].find((b) => b.textContent === "use default 0.5");
  act(() => button?.click());
  expect(said).toEqual([null]);
});

test("a closed set of values is a list, also with a value that is not in it", () => {
  draw({ type: "string", enum: ["fixed", "uniform"], min: null, max: null }, "other");
  expect([...host.querySelectorAll("option")].map((o) => o.value)).toEqual(["other", "fixed", "uniform"]);
});
