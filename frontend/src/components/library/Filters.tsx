import type { RefObject } from "react";
import type { LibraryPaper } from "../../lib/api.gen";
import { canFilter, filterValues } from "../../lib/filter";
import { plural } from "../../lib/format";
import { FILTERS, type LibraryRoute } from "../../lib/route";
import { Button } from "../common/Button";

interface Props {
  papers: readonly LibraryPaper[];
  route: LibraryRoute;
  found: number;
  searchRef: RefObject<HTMLInputElement | null>;
  onChange: (part: Partial<LibraryRoute>) => void;
}

/** Search and filters; each stands in the address. A filter that could change nothing is not drawn. */
export function Filters({ papers, route, found, searchRef, onChange }: Props) {
  const any = route.query !== "" || Object.keys(route.filters).length > 0;
  return (
    <div className="filters" role="search">
      <label className="filters-search">
        <span className="unseen">Search</span>
        <input
          ref={searchRef}
          type="search"
          placeholder="Search   /"
          value={route.query}
          onChange={(e) => onChange({ query: e.target.value })}
        />
      </label>
      {FILTERS.map((name) => {
        if (!canFilter(papers, name) && route.filters[name] === undefined) return null;
        return (
          <label key={name} className="field-inline">
            <span>{name}</span>
            <select
              value={route.filters[name] ?? ""}
              onChange={(e) => {
                const { [name]: _, ...rest } = route.filters;
                onChange({ filters: e.target.value ? { ...rest, [name]: e.target.value } : rest });
              }}
            >
              <option value="">any</option>
              {filterValues(papers, name).map((v) => (
                <option key={v}>{v}</option>
              ))}
            </select>
          </label>
        );
      })}
      {papers.length > 1 && (
        <label className="field-inline">
          <span>sort</span>
          <select
            value={route.sort}
            onChange={(e) => onChange({ sort: e.target.value === "minutes" ? "minutes" : "" })}
          >
            <option value="">as shipped</option>
            <option value="minutes">minutes</option>
          </select>
        </label>
      )}
      {any && (
        <Button look="quiet" icon="close" onClick={() => onChange({ query: "", filters: {} })}>
          Clear
        </Button>
      )}
      <span className="filters-count" role="status">
        {papers.length > 0 && (any ? `${found} of ${plural(papers.length, "card")}` : plural(found, "card"))}
      </span>
    </div>
  );
}
