import { useEffect, useRef, useState } from "react";
import { keyLabel, pressName } from "../../lib/keys";
import { isMac } from "../../lib/platform";
import { Button } from "../common/Button";

interface Props {
  title: string;
  onKeys: (keys: string[]) => void;
  onCancel: () => void;
}

/** Takes one press, or two one after the other; Tab and Escape keep their meaning. */
export function KeyCapture({ title, onKeys, onCancel }: Props) {
  const [presses, setPresses] = useState<readonly string[]>([]);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const binding = presses.join(" ");
  return (
    // data-modal keeps the commands of the page from answering to the keys that are pressed here.
    <span className="key-capture" data-modal="">
      <input
        ref={field}
        type="text"
        readOnly
        aria-label={`New key of ${title}: press one key, or two one after the other`}
        placeholder="press the key"
        value={binding ? keyLabel(binding, isMac) : ""}
        onKeyDown={(e) => {
          if (e.key === "Tab" || ["Control", "Shift", "Alt", "Meta"].includes(e.key)) return;
          e.preventDefault();
          if (e.key === "Escape") return onCancel();
          const press = pressName(e);
          setPresses((had) => (had.length >= 2 ? [press] : [...had, press]));
        }}
      />
      <Button look="main" disabled={presses.length === 0} onClick={() => onKeys([binding])}>
        Use it
      </Button>
      <Button onClick={() => onKeys([])}>No key</Button>
      <Button look="quiet" onClick={onCancel}>
        Cancel
      </Button>
    </span>
  );
}
