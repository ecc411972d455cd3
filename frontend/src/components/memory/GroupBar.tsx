import type { MemoryPage } from "../../lib/api.gen";
import { count } from "../../lib/format";
import { withCondition } from "../../lib/memory-view";

interface Props {
  page: MemoryPage;
  group: string;
  query: string;
  main: string;
  onGroup: (group: string) => void;
  onFilter: (query: string) => void;
}

/** From how many entries on a bank is shown in groups. */
const FROM = 2000;

/** A large bank in parts, by use, age, type or value; a part is a filter. */
export function GroupBar({ page, group, query, main, onGroup, onFilter }: Props) {
  const groups = page.groups ?? [];
  if (page.total <= FROM) return null;
  const most = Math.max(1, ...groups.map((g) => g.count));
  const names = ["use", "age", "type", ...(main ? ["value"] : [])];
  return (
    <div className="groups">
      <label className="field-inline">
        groups by
        <select value={group === "" ? "use" : group} onChange={(event) => onGroup(event.target.value)}>
          {names.map((n) => (
            <option key={n} value={n}>
              {n === "value" ? main : n}
            </option>
          ))}
        </select>
      </label>
      <ul>
        {groups.map((g) => (
          <li key={g.filter}>
            <button type="button" className="group" onClick={() => onFilter(withCondition(query, g.filter))}>
              <span className="group-name">{g.name || "no type"}</span>
              <span className="group-bar" aria-hidden="true">
                <span style={{ width: `${(100 * g.count) / most}%` }} />
              </span>
              <span className="group-count">{count(g.count)}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
