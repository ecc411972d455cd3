import { createRoot } from "react-dom/client";
import { App } from "./lib/app";
import { httpTransport } from "./lib/http-transport";
import { Frame } from "./components/frame/Frame";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/frame.css";
import "./styles/library.css";
import "./styles/notebook.css";
import "./styles/run.css";

const root = document.getElementById("root");
if (root) createRoot(root).render(<Frame app={new App(httpTransport())} />);
