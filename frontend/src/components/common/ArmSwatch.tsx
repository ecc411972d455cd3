import { useStore } from "../../lib/store";
import { armColour, armDash, mode } from "../../lib/theme";

/** The line of an arm as charts draw it: colour and dash by its place in the row. */
export function ArmSwatch({ place }: { place: number }) {
  const ground = useStore(mode);
  return (
    <svg className="swatch" width="26" height="10" viewBox="0 0 26 10" aria-hidden="true">
      <line
        x1="1"
        y1="5"
        x2="25"
        y2="5"
        stroke={armColour(place, ground)}
        strokeWidth="3"
        strokeDasharray={armDash(place)}
      />
    </svg>
  );
}
