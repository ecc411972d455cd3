import { createRoot } from "react-dom/client";
import { commands } from "./keys";
import { ReportPage } from "./ReportPage";
import "../styles/tokens.css";
import "../styles/base.css";
import "../styles/notebook.css";
import "../styles/run.css";
import "./report.css";

const root = document.getElementById("root");
if (root) {
  addEventListener("keydown", commands.press);
  createRoot(root).render(<ReportPage />);
}
