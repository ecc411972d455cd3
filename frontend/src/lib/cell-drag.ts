import { useState, type DragEvent } from "react";

/** What a dragged cell is called in the data of the drag. */
const TYPE = "application/x-loci-cell";

interface CellDrop {
  /** For the handle. */
  grip: { draggable: true; onDragStart: (e: DragEvent<HTMLElement>) => void };
  /** For the cell, which takes others: below itself where the pointer is in its lower half. */
  target: {
    onDragOver: (e: DragEvent<HTMLElement>) => void;
    onDragLeave: () => void;
    onDrop: (e: DragEvent<HTMLElement>) => void;
  };
  className: string;
}

/** Moves cells with the pointer; keys and menu do the same. */
export function useCellDrop(cell: string, move: (cell: string, after: string) => void): CellDrop {
  const [over, setOver] = useState(false);
  return {
    grip: {
      draggable: true,
      onDragStart: (e) => {
        e.dataTransfer.setData(TYPE, cell);
        e.dataTransfer.effectAllowed = "move";
        const section = e.currentTarget.closest("section");
        if (section) e.dataTransfer.setDragImage(section, 20, 20);
      },
    },
    target: {
      onDragOver: (e) => {
        if (!e.dataTransfer.types.includes(TYPE)) return;
        e.preventDefault();
        setOver(true);
      },
      onDragLeave: () => setOver(false),
      onDrop: (e) => {
        setOver(false);
        const moved = e.dataTransfer.getData(TYPE);
        if (!moved) return;
        e.preventDefault();
        move(moved, cell);
      },
    },
    className: over ? " cell-drop" : "",
  };
}
