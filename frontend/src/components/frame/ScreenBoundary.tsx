import { Component, type ReactNode } from "react";
import { failure, type Failure } from "../../lib/transport";
import { FailureBox } from "../common/FailureBox";

interface Props {
  /** Another place gives the screen another try. */
  place: string;
  children: ReactNode;
}

interface State {
  place: string;
  broken: Failure | undefined;
}

/** Keeps a broken screen from taking the frame with it: the rest stays usable, and the details can be copied. */
export class ScreenBoundary extends Component<Props, State> {
  override state: State = { place: this.props.place, broken: undefined };

  static getDerivedStateFromError(error: unknown): Partial<State> {
    return { broken: failure(error) };
  }

  static getDerivedStateFromProps(props: Props, state: State): Partial<State> | null {
    return props.place === state.place ? null : { place: props.place, broken: undefined };
  }

  override render() {
    const { broken } = this.state;
    if (!broken) return this.props.children;
    return (
      <div className="page">
        <h1>This screen broke</h1>
        <FailureBox
          failure={broken}
          what="this screen could not be drawn; everything stored is safe, and the other screens work"
          onRetry={() => this.setState({ broken: undefined })}
        />
      </div>
    );
  }
}
