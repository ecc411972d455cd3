import { useState } from "react";
import type { TargetRow } from "../../lib/api.gen";
import { plural } from "../../lib/format";
import { priceLines } from "../../lib/prices";
import { Button } from "../common/Button";

const FIRST = 20;

interface Props {
  row: TargetRow;
  models: string[];
  columns: string[];
}

/** The models that a target has, with what each costs and which of them runs use. */
export function ModelList({ row, models, columns }: Props) {
  const [all, setAll] = useState(false);
  const values = row.values ?? {};
  const used = [values["model"], values["embedding"], values["base-model"]].filter(Boolean);
  const prices = new Map(priceLines(values["prices"] ?? "", columns).map((p) => [p.model, p.prices]));
  const names = [...models, ...[...prices.keys()].filter((m) => !models.includes(m))];
  if (names.length === 0) return null;
  const shown = [...names.filter((m) => used.includes(m)), ...names.filter((m) => !used.includes(m))];
  return (
    <details className="models">
      <summary>
        {plural(names.length, "model")}, {prices.size === 0 ? "no price set" : `${prices.size} with prices`}
      </summary>
      <div className="prices-scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">model</th>
              {columns.map((c) => (
                <th key={c} scope="col" className="numeral">
                  {c}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.slice(0, all ? 500 : FIRST).map((m) => (
              <tr key={m}>
                <td>
                  <code>{m}</code>
                  {used.includes(m) && <span className="tag">in use</span>}
                  {models.length > 0 && !models.includes(m) && <span className="fine"> not there now</span>}
                </td>
                {columns.map((c, k) => (
                  <td key={c} className="numeral">
                    {prices.get(m)?.[k] ?? "–"}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="fine">Dollars a million tokens; Edit changes them.</p>
      {!all && shown.length > FIRST && (
        <Button look="quiet" onClick={() => setAll(true)}>
          all {Math.min(shown.length, 500)}
        </Button>
      )}
    </details>
  );
}
