const PATHS = {
  library: "M4 5h5v14H4zM9 5h5v14H9zM15.2 6.3l4-1 3 12.6-4 1z",
  notebook: "M6 3h12v18H6zM9.5 3v18M12.5 8h3M12.5 12h3",
  run: "M3 20h18M5 16l4-5 4 3 6-8",
  episode: "M3 6h18v12H3zM8 6v12M16 6v12M3 12h18",
  memory: "M5 4h14v5H5zM5 10h14v5H5zM5 16h14v5H5zM8 6.5h.01M8 12.5h.01M8 18.5h.01",
  compare: "M6 20V9M12 20V4M18 20v-7M3 20h18",
  targets: "M4 4h16v7H4zM4 13h16v7H4zM7.5 7.5h.01M7.5 16.5h.01M11 7.5h6M11 16.5h6",
  settings:
    "M4 7h9M19 7h1M4 17h3M13 17h7M16 4.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5zM10 14.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5z",
  share: "M12 15V4M8 7.5L12 4l4 3.5M6 11H4v9h16v-9h-2",
  fork: "M6 4v6c0 3 2 4 6 4s6 1 6 4v2M6 4v16M3.5 6.5L6 4l2.5 2.5M15.5 17.5L18 20l2.5-2.5",
  pin: "M9 3h6l-1 7 3 3H7l3-3zM12 13v8",
  search: "M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM15.5 15.5L21 21",
  play: "M7 4.5v15l12-7.5z",
  pause: "M8 5v14M16 5v14",
  stop: "M6 6h12v12H6z",
  finish: "M5 5l8 7-8 7zM18 5v14",
  undo: "M9 5L4 10l5 5M4 10h10a5 5 0 0 1 0 10h-3",
  redo: "M15 5l5 5-5 5M20 10H10a5 5 0 0 0 0 10h3",
  close: "M6 6l12 12M18 6L6 18",
  chevron: "M9 5l7 7-7 7",
  back: "M15 5l-7 7 7 7",
  keys: "M3 6h18v12H3zM7 10h.01M11 10h.01M15 10h.01M8 14h8",
  table: "M4 5h16v14H4zM4 10h16M4 14.5h16M10 5v14",
  chart: "M4 4v16h16M7 15l4-4 3 2 5-6",
  text: "M4 6h16M4 11h16M4 16h10",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  grip: "M9 6h.01M15 6h.01M9 12h.01M15 12h.01M9 18h.01M15 18h.01",
  clock: "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16zM12 8v4l3 2",
  arrow: "M5 12h14M13 6l6 6-6 6",
  zoomIn: "M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM15.5 15.5L21 21M10.5 7.5v6M7.5 10.5h6",
  zoomOut: "M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM15.5 15.5L21 21M7.5 10.5h6",
  save: "M12 4v10M8 10.5l4 4 4-4M5 19h14",
} as const;

export type IconName = keyof typeof PATHS;

/** A line picture of 24 by 24. It only decorates: the words stand beside it or in the label of its button. */
export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
