import { useApp } from "../../lib/app";
import { clock } from "../../lib/format";
import { keyLabel } from "../../lib/keys";
import { isMac } from "../../lib/platform";
import { useStore } from "../../lib/store";
import { Button } from "../common/Button";
import { ShareButton } from "../share/ShareButton";

interface Props {
  onPalette: () => void;
  onKeys: () => void;
}

/** Title, saved time, palette and keys. */
export function TopLine({ onPalette, onKeys }: Props) {
  const { heading } = useApp();
  const { title, saved } = useStore(heading);
  return (
    <header className="topline">
      <h1 className="topline-title">{title}</h1>
      {saved > 0 && <p className="topline-saved">saved {clock(saved)}</p>}
      <ShareButton />
      <Button
        look="quiet"
        icon="search"
        label={`Search and commands, ${keyLabel("Mod+K", isMac)}`}
        onClick={onPalette}
      >
        <kbd>{keyLabel("Mod+K", isMac)}</kbd>
      </Button>
      <Button look="quiet" icon="keys" label="Keys of this screen" onClick={onKeys} />
    </header>
  );
}
