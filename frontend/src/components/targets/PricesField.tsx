import { useId } from "react";
import type { Blank } from "../../lib/api.gen";
import { priceLines, priceText, type PriceLine } from "../../lib/prices";
import { Button } from "../common/Button";

interface Props {
  blank: Blank;
  value: string;
  /** Models that may be named, for completion. */
  models: string[];
  onChange: (value: string) => void;
}

/** The prices of a target's models: a row a model, a column a kind of tokens. */
export function PricesField({ blank, value, models, onChange }: Props) {
  const id = useId();
  const columns = blank.unit.split(" ");
  const rows = priceLines(value, columns);
  const put = (at: number, row: PriceLine) =>
    onChange(
      priceText(
        rows.map((r, i) => (i === at ? row : r)),
        columns,
      ),
    );
  return (
    <fieldset className="blank prices" aria-describedby={`${id}-doc`}>
      <legend>
        {blank.title} <span className="fine">dollars a million tokens</span>
      </legend>
      <datalist id={`${id}-models`}>
        {models.slice(0, 200).map((m) => (
          <option key={m} value={m} />
        ))}
      </datalist>
      {rows.length > 0 && (
        <div className="prices-scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">model</th>
                {columns.map((c) => (
                  <th key={c} scope="col">
                    {c}
                  </th>
                ))}
                <th scope="col">
                  <span className="unseen">remove</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row, at) => (
                <tr key={at}>
                  <td data-name="model">
                    <input
                      type="text"
                      aria-label={`Model of row ${at + 1}`}
                      list={`${id}-models`}
                      value={row.model}
                      onChange={(e) => put(at, { ...row, model: e.target.value.replace(/\s/g, "") })}
                    />
                  </td>
                  {columns.map((c, k) => (
                    <td key={c} data-name={c}>
                      <input
                        type="text"
                        inputMode="decimal"
                        aria-label={`Price of ${c} of ${row.model || `row ${at + 1}`}`}
                        placeholder="0"
                        value={row.prices[k] ?? ""}
                        onChange={(e) =>
                          put(at, {
                            ...row,
                            prices: columns.map((_, i) =>
                              i === k ? e.target.value.replace(/\s/g, "") : (row.prices[i] ?? ""),
                            ),
                          })
                        }
                      />
                    </td>
                  ))}
                  <td>
                    <Button
                      look="quiet"
                      label={`Remove the price of ${row.model || `row ${at + 1}`}`}
                      onClick={() =>
                        onChange(
                          priceText(
                            rows.filter((_, i) => i !== at),
                            columns,
                          ),
                        )
                      }
                    >
                      ×
                    </Button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Button
        look="quiet"
        onClick={() => onChange(priceText([...rows, { model: "", prices: columns.map(() => "") }], columns))}
      >
        Add a model
      </Button>
      <span id={`${id}-doc`} className="fine">
        {blank.doc}
      </span>
    </fieldset>
  );
}
