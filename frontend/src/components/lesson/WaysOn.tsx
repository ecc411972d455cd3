import { Button } from "../common/Button";

interface Props {
  onKnob: () => void;
  onMechanism: () => void;
  onSeeds: () => void;
  onNotebook: () => void;
}

/** Three ways on, and the whole notebook. */
export function WaysOn({ onKnob, onMechanism, onSeeds, onNotebook }: Props) {
  return (
    <section className="lesson-part" aria-labelledby="lesson-on">
      <h2 id="lesson-on">Three ways on</h2>
      <ul className="ways">
        <li>
          <Button onClick={onKnob}>Turn a knob</Button>
          <span className="fine">and see what it does to the same runs</span>
        </li>
        <li>
          <Button onClick={onMechanism}>Read the mechanism</Button>
          <span className="fine">part by part, on a recorded episode</span>
        </li>
        <li>
          <Button onClick={onSeeds}>Run 5 seeds</Button>
          <span className="fine">enough for an interval</span>
        </li>
      </ul>
      <Button look="quiet" icon="notebook" onClick={onNotebook}>
        Open the whole notebook
      </Button>
    </section>
  );
}
