import { useEffect, useRef } from "react";
import type { MemoryPage, MemoryRow } from "../../lib/api.gen";
import { count, shown } from "../../lib/format";
import { ROWS } from "../../lib/memory-data";
import {
  nextSort,
  opMark,
  opWord,
  pageSentence,
  signed,
  sinceWords,
  sortState,
  valued,
} from "../../lib/memory-view";
import { Button } from "../common/Button";
import { Empty } from "../common/Empty";

interface Props {
  page: MemoryPage;
  /** Numbers of entries that have a column. */
  columns: string[];
  main: string;
  sort: string;
  selected: string;
  onSort: (sort: string) => void;
  onOpen: (id: string) => void;
  onPage: (offset: number) => void;
}

/** The entries as rows, sixty at a time, with all counts below. */
export function EntryTable({ page, columns, main, sort, selected, onSort, onOpen, onPage }: Props) {
  const rows = page.rows ?? [];
  const difference = page.difference !== null;
  const head = (name: string, column: string, right = false, minor = false) => (
    <th
      scope="col"
      className={`${right ? "right" : ""}${minor ? " minor" : ""}`}
      aria-sort={sortState(sort, column)}
    >
      <button type="button" className="sort" onClick={() => onSort(nextSort(sort, column))}>
        {name}
        <span aria-hidden="true">
          {{ ascending: " ▴", descending: " ▾", none: "" }[sortState(sort, column)]}
        </span>
      </button>
    </th>
  );
  if (page.total === 0)
    return <Empty text="Nothing stands in this bank at this moment. Move the slider to the right." />;
  return (
    <>
      <div className="entries-wrap" tabIndex={0} role="region" aria-label="entries of the bank">
        <table className="entries">
          <thead>
            <tr>
              <th scope="col">
                <span className="unseen">what happened</span>
              </th>
              {head("entry", "id")}
              {head("text", "text")}
              {head("born", "born", true, true)}
              {head("read", "read", true)}
              {columns.map((c, i) => (
                <Head key={c} name={c} sort={sort} minor={i > 0} onSort={onSort} />
              ))}
              {difference &&
                head(
                  `since ${page.against && page.against.episode >= 0 ? page.against.episode : "start"}`,
                  "since",
                  true,
                )}
            </tr>
          </thead>
          <tbody>
            {rows.map((r) => (
              <Row
                key={`${r.id} ${r.op} ${r.born.moment}`}
                row={r}
                columns={columns}
                since={difference ? sinceWords(r, main) : undefined}
                selected={r.id === selected}
                onOpen={() => onOpen(r.id)}
              />
            ))}
          </tbody>
        </table>
        {rows.length === 0 && <p className="entries-none">No entry matches the filter at this moment.</p>}
      </div>
      <div className="entries-foot">
        <p>{pageSentence(page)}</p>
        {page.match > ROWS && (
          <span className="pager">
            <Button disabled={page.offset === 0} onClick={() => onPage(Math.max(0, page.offset - ROWS))}>
              Previous {ROWS}
            </Button>
            <span className="fine">
              {count(page.offset + 1)} to {count(page.offset + rows.length)}
            </span>
            <Button disabled={page.offset + ROWS >= page.match} onClick={() => onPage(page.offset + ROWS)}>
              Next {ROWS}
            </Button>
          </span>
        )}
      </div>
    </>
  );
}

interface HeadProps {
  name: string;
  sort: string;
  /** It gives way on a narrow page. */
  minor: boolean;
  onSort: (sort: string) => void;
}

function Head({ name, sort, minor, onSort }: HeadProps) {
  const state = sortState(sort, name);
  return (
    <th scope="col" className={minor ? "right minor" : "right"} aria-sort={state}>
      <button type="button" className="sort" onClick={() => onSort(nextSort(sort, name))}>
        {name}
        <span aria-hidden="true">{{ ascending: " ▴", descending: " ▾", none: "" }[state]}</span>
      </button>
    </th>
  );
}

interface RowProps {
  row: MemoryRow;
  columns: string[];
  /** undefined where no difference is shown. */
  since: string | undefined;
  selected: boolean;
  onOpen: () => void;
}

function Row({ row, columns, since, selected, onOpen }: RowProps) {
  const ref = useRef<HTMLTableRowElement>(null);
  useEffect(() => {
    if (selected && ref.current) reveal(ref.current);
  }, [selected]);
  return (
    <tr
      ref={ref}
      className={`entry-row${row.op === "delete" ? " entry-gone" : ""}`}
      aria-current={selected ? "true" : undefined}
      onClick={onOpen}
    >
      <td className={`op op-${row.op}`} title={row.op ? opWord(row.op) : undefined}>
        <span aria-hidden="true">{opMark(row.op)}</span>
        {row.op && <span className="unseen">{opWord(row.op)}</span>}
      </td>
      <td>
        <button type="button" className="entry-id" aria-pressed={selected}>
          {row.id}
        </button>
      </td>
      <td className="entry-text">
        {row.unsure && <span className="tag tag-stale">? unsure</span>}
        {row.type && <span className="entry-type">{row.type}</span>}
        <span className="entry-words">
          {row.text}
          {row.cut && " …"}
        </span>
      </td>
      <td className="right minor" title={`episode ${row.born.episode}, step ${row.born.step}`}>
        {row.born.episode}/{row.born.step}
      </td>
      <td className="right" title={`helped ${row.helped}, misled ${row.misled}, near miss ${row.missed}`}>
        {count(row.read)}
      </td>
      {columns.map((c, i) => (
        <td key={c} className={i > 0 ? "right minor" : "right"}>
          {c in (row.numbers ?? {}) ? signedOrShown(row, c) : "–"}
        </td>
      ))}
      {since !== undefined && <td className={`right since since-${row.op}`}>{since}</td>}
    </tr>
  );
}

/** Scrolls the table, and nothing round it, until a row shows. */
function reveal(row: HTMLElement): void {
  const box = row.closest<HTMLElement>(".entries-wrap");
  if (!box) return;
  const head = 32;
  if (row.offsetTop - head < box.scrollTop) box.scrollTop = row.offsetTop - head;
  const over = row.offsetTop + row.offsetHeight - box.clientHeight;
  if (over > box.scrollTop) box.scrollTop = over;
}

/** Values that may be of either sign carry it. */
function signedOrShown(row: MemoryRow, name: string): string {
  const value = row.numbers?.[name];
  return valued(name) ? signed(value) : shown(value);
}
