import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { Button } from "../common/Button";

const ImportDialogue = lazy(() => import("./ImportDialogue").then((m) => ({ default: m.ImportDialogue })));

/** Opens an experiment file: chosen, or dropped onto the Library. Nothing is kept before the reader has seen what is in it. */
export function ImportBox() {
  const input = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState<File>();
  const [over, setOver] = useState(false);
  useEffect(() => {
    const holds = (e: DragEvent) => e.dataTransfer?.types.includes("Files") === true;
    const drag = (e: DragEvent) => {
      if (!holds(e)) return;
      e.preventDefault();
      setOver(true);
    };
    const leave = (e: DragEvent) => e.relatedTarget === null && setOver(false);
    const drop = (e: DragEvent) => {
      if (!holds(e)) return;
      e.preventDefault();
      setOver(false);
      setFile(e.dataTransfer?.files[0]);
    };
    addEventListener("dragover", drag);
    addEventListener("dragleave", leave);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", drag);
      removeEventListener("dragleave", leave);
      removeEventListener("drop", drop);
    };
  }, []);
  return (
    <>
      <Button onClick={() => input.current?.click()}>Open a shared file</Button>
      <input
        ref={input}
        type="file"
        accept=".loci"
        hidden
        aria-label="a shared .loci file"
        onChange={(e) => {
          setFile(e.target.files?.[0]);
          e.target.value = "";
        }}
      />
      {over && <p className="import-over">Drop the .loci file to see what is in it. Nothing is run.</p>}
      {file && (
        <Suspense fallback={null}>
          <ImportDialogue file={file} onClose={() => setFile(undefined)} />
        </Suspense>
      )}
    </>
  );
}
