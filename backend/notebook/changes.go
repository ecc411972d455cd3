package notebook

// How a cell differs between two texts of a notebook.
const (
	Added   = "added"
	Removed = "removed"
	Changed = "changed"
	Moved   = "moved"
)

// Change is one cell that two texts of a notebook do not share.
type Change struct {
	Cell string // id in the later text; in the earlier one where the cell is gone; "front" for the front matter
	Kind Kind   // "" for the front matter
	Name string
	How  string // Added, Removed, Changed or Moved
}

// Changes lists what became of each cell between two texts, in the order of the later text, with what is gone at the end. A cell that
// stands elsewhere with the same text has moved.
func Changes(before, after *Document) []Change {
	var out, gone []Change
	if before.Front.raw != after.Front.raw {
		out = append(out, Change{Cell: "front", How: Changed})
	}
	side := alignTo(before, after)
	lost := map[string]int{} // texts that left their place
	for i, c := range before.Cells {
		if side.kept[i] == nil {
			lost[c.raw]++
		}
	}
	for i := range side.added {
		for _, c := range side.added[i] {
			how := Added
			if lost[c.raw] > 0 {
				lost[c.raw]--
				how = Moved
			}
			out = append(out, Change{c.ID, c.Kind, c.Name, how})
		}
		if i == len(before.Cells) {
			break
		}
		if k := side.kept[i]; k != nil && !sameLine(k.raw, before.Cells[i].raw) {
			out = append(out, Change{k.ID, k.Kind, k.Name, Changed})
		}
	}
	for i, c := range before.Cells {
		if side.kept[i] == nil && lost[c.raw] > 0 {
			lost[c.raw]--
			gone = append(gone, Change{c.ID, c.Kind, c.Name, Removed})
		}
	}
	return append(out, gone...)
}
