// What every screen must hold at every size: nothing runs out of the page, no control covers another, no text is cut without a sign,
// nothing is empty, and targets are large enough. Each function runs inside the page and returns a list of faults in words.

/** Everything that is wrong with the layout of the open page. */
export async function layoutFaults(page) {
  return page.evaluate(inspect);
}

function inspect() {
  const faults = [];
  const name = (e) => {
    const words = (e.getAttribute("aria-label") || e.textContent || e.getAttribute("title") || "")
      .trim()
      .slice(0, 40);
    const cls = typeof e.className === "string" && e.className ? "." + e.className.split(" ")[0] : "";
    return `<${e.tagName.toLowerCase()}${cls}> "${words}"`;
  };
  const shown = (e) => {
    const box = e.getBoundingClientRect();
    const seen = e.checkVisibility({
      visibilityProperty: true,
      opacityProperty: true,
      contentVisibilityAuto: true,
    });
    return seen && box.width > 0 && box.height > 0;
  };

  // The page itself never scrolls sideways; what is wide scrolls by itself.
  const root = document.scrollingElement;
  if (root.scrollWidth > innerWidth + 1)
    faults.push(`the page is ${root.scrollWidth} wide in a window of ${innerWidth}`);
  const main = document.querySelector("main");
  if (!main) return ["there is no main part"];
  const far = [...main.querySelectorAll("*")].filter((e) => {
    if (!shown(e) || e.closest(".unseen, canvas")) return false;
    for (let up = e.parentElement; up && up !== main; up = up.parentElement)
      if (getComputedStyle(up).overflowX !== "visible") return false;
    return e.getBoundingClientRect().right > main.getBoundingClientRect().right + 1;
  });
  if (far.length > 0)
    faults.push(
      `the screen ends at ${Math.round(main.getBoundingClientRect().right)}, and beyond it stand ${far.slice(0, 3).map(name).join(", ")}`,
    );

  if (main.innerText.trim().length < 20) faults.push("the screen is empty");

  // Text that is cut says so by an ellipsis, and is whole in its title or label.
  for (const e of main.querySelectorAll("*")) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim() !== "");
    if (!own || !shown(e) || e.closest(".unseen, .cm-editor, canvas")) continue;
    const style = getComputedStyle(e);
    if (
      style.overflowX === "hidden" &&
      e.scrollWidth > e.clientWidth + 1 &&
      style.textOverflow !== "ellipsis"
    )
      faults.push(`text is cut at ${name(e)}`);
    if (
      style.overflowY === "hidden" &&
      e.scrollHeight > e.clientHeight + 3 &&
      style.webkitLineClamp === "none" &&
      e.clientHeight > 0 &&
      style.textOverflow !== "ellipsis"
    )
      faults.push(`text is cut below at ${name(e)}`);
  }

  // Controls: large enough, and none over another.
  const controls = [
    ...document.querySelectorAll(
      "button, a[href], input:not([type=hidden]), select, textarea, summary, [role=button], [role=tab], [role=slider]",
    ),
  ].filter((e) => shown(e) && !e.closest(".unseen, .skip, [inert], [aria-hidden=true], .cm-editor"));
  const boxes = controls.map((e) => ({ e, box: e.getBoundingClientRect() }));
  const inText = (e) =>
    e.tagName === "A" &&
    getComputedStyle(e).display.startsWith("inline") &&
    !getComputedStyle(e).display.includes("flex");
  for (const { e, box } of boxes) {
    if (["checkbox", "radio", "range"].includes(e.type) && e.closest("label")) continue;
    if (!inText(e) && (box.width < 23.5 || box.height < 23.5))
      faults.push(`${name(e)} is ${Math.round(box.width)} by ${Math.round(box.height)}, want 24`);
  }
  const clip = (e) => {
    let box = e.getBoundingClientRect();
    let { left, right, top, bottom } = box;
    for (let up = e.parentElement; up; up = up.parentElement) {
      if (getComputedStyle(up).overflow === "visible") continue;
      const b = up.getBoundingClientRect();
      left = Math.max(left, b.left);
      right = Math.min(right, b.right);
      top = Math.max(top, b.top);
      bottom = Math.min(bottom, b.bottom);
    }
    return { left, right, top, bottom };
  };
  const clipped = boxes
    .map(({ e }) => ({ e, box: clip(e) }))
    .filter(({ box }) => box.right > box.left && box.bottom > box.top);
  for (let i = 0; i < clipped.length && i < 400; i++)
    for (let j = i + 1; j < clipped.length && j < 400; j++) {
      const [a, b] = [clipped[i], clipped[j]];
      if (a.e.contains(b.e) || b.e.contains(a.e)) continue;
      if (a.e.closest("label") && a.e.closest("label") === b.e.closest("label")) continue;
      const w = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
      const h = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
      if (w > 2 && h > 2 && fixedApart(a.e) === fixedApart(b.e))
        faults.push(`${name(a.e)} and ${name(b.e)} overlap`);
    }

  /** Bars that stay in place while the page scrolls under them cover what is under them for a moment only. */
  function fixedApart(e) {
    for (let up = e; up; up = up.parentElement) {
      const p = getComputedStyle(up).position;
      if (p === "fixed" || p === "sticky") return true;
    }
    return false;
  }

  for (const figure of main.querySelectorAll(".chart-host")) {
    const canvas = figure.querySelector("canvas");
    if (shown(figure) && canvas && (canvas.width < 10 || canvas.height < 10))
      faults.push(`a chart has no size: ${name(figure)}`);
  }
  return [...new Set(faults)];
}
