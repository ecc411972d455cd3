package nn

import (
	"cmp"
	"fmt"
	"slices"
)

// shareFrom is the shortest prefix worth a part of its own: less of it costs more in small products than it saves.
const shareFrom = 8

// Row is a row of tokens to be packed, with the predictions that are wanted of it.
type Row struct {
	Tokens []int32
	Reads  []Read
}

// Read asks for the log-probability of Target after Tokens[At]. Several reads of a row may have the same At.
type Read struct {
	At     int
	Target int32
}

// Place says where a read went: entry Read of Reads and Targets of pack number Pack.
type Place struct {
	Pack, Read int
}

// PackRows lays rows into packs of at most limit tokens each, 0 for no limit; a longer row gets a pack of its own. Rows of a pack that
// begin alike share what they have in common, to any depth, and equal rows share everything. places[r][i] is where rows[r].Reads[i]
// went. The same rows always give the same packs. It panics on a read outside its row.
func PackRows(rows []Row, limit int) (packs []*Pack, places [][]Place) {
	places = make([][]Place, len(rows))
	order := make([]int, len(rows))
	for r, row := range rows {
		order[r], places[r] = r, make([]Place, len(row.Reads))
		for _, read := range row.Reads {
			if read.At < 0 || read.At >= len(row.Tokens) {
				panic(fmt.Sprintf("nn: pack: row %d reads token %d of %d", r, read.At, len(row.Tokens)))
			}
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return slices.Compare(rows[a].Tokens, rows[b].Tokens) })
	for len(order) > 0 {
		n := fits(rows, order, limit)
		p := &packer{rows: rows, pack: &Pack{}, homes: make(map[int][]home)}
		p.group(order[:n], 0, -1)
		p.reads(order[:n], len(packs), places)
		packs, order = append(packs, p.pack), order[n:]
	}
	return packs, places
}

// fits returns how many of the sorted rows go into one pack. In this order the longest prefix that a row shares with any before it is
// the one it shares with the last. Fewer than shareFrom of its tokens are not laid once for both, so as many are not counted on.
func fits(rows []Row, order []int, limit int) int {
	used := 0
	for i, r := range order {
		need := len(rows[r].Tokens)
		if i > 0 {
			last := rows[order[i-1]].Tokens
			if same := common(last, rows[r].Tokens); same == need && same == len(last) {
				need = 0
			} else {
				need -= max(0, same-shareFrom+1)
			}
		}
		if i > 0 && limit > 0 && used+need > limit {
			return i
		}
		used += need
	}
	return len(order)
}

// common is the length of the prefix that two rows share.
func common(a, b []int32) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// packer fills one pack. A row's home list says which tokens of the pack are its own and its ancestors'.
type packer struct {
	rows  []Row
	pack  *Pack
	homes map[int][]home
}

// home is a run of a row: its tokens from From on lie in the pack from Start on, up to the next home.
type home struct{ from, start int }

// group lays the sorted rows, which agree up to token start and of which tokens before start are laid, under that parent.
func (p *packer) group(order []int, start, parent int) {
	first, last := p.rows[order[0]].Tokens, p.rows[order[len(order)-1]].Tokens
	same := common(first, last) // sorted rows share what the first and the last share
	if len(first) == len(last) && same == len(first) {
		p.part(order, start, same, parent)
		return
	}
	if same-start >= shareFrom {
		parent = p.part(order, start, same, parent)
		start = same
	}
	for len(order) > 0 {
		n := 1
		for n < len(order) && branch(p.rows[order[n]].Tokens, same) == branch(p.rows[order[0]].Tokens, same) {
			n++
		}
		p.group(order[:n], start, parent)
		order = order[n:]
	}
}

// branch is the token at that place, -1 for a row that ends before it.
func branch(tokens []int32, at int) int32 {
	if at >= len(tokens) {
		return -1
	}
	return tokens[at]
}

// part lays tokens start..end of the rows, which agree there, and returns the number of the part: the parent where it is empty.
func (p *packer) part(order []int, start, end, parent int) int {
	if start == end {
		return parent
	}
	at := len(p.pack.Tokens)
	p.pack.Tokens = append(p.pack.Tokens, p.rows[order[0]].Tokens[start:end]...)
	for i := start; i < end; i++ {
		p.pack.Positions = append(p.pack.Positions, int32(i))
	}
	p.pack.Parts = append(p.pack.Parts, Part{Start: at, End: at + end - start, Parent: parent})
	for _, r := range order {
		p.homes[r] = append(p.homes[r], home{start, at})
	}
	return len(p.pack.Parts) - 1
}

// asked is a read on its way into the pack.
type asked struct {
	token, target int32
	row, read     int
}

// reads lists what is asked of the pack by token, so that those of one token lie together and share a row of the head.
func (p *packer) reads(order []int, pack int, places [][]Place) {
	var all []asked
	for _, r := range order {
		for i, read := range p.rows[r].Reads {
			all = append(all, asked{int32(p.find(r, read.At)), read.Target, r, i})
		}
	}
	slices.SortStableFunc(all, func(a, b asked) int { return cmp.Or(cmp.Compare(a.token, b.token), cmp.Compare(a.target, b.target)) })
	for i, a := range all {
		p.pack.Reads, p.pack.Targets = append(p.pack.Reads, a.token), append(p.pack.Targets, a.target)
		places[a.row][a.read] = Place{pack, i}
	}
}

// find returns where token at of a row lies in the pack.
func (p *packer) find(row, at int) int {
	homes := p.homes[row]
	i := len(homes) - 1
	for homes[i].from > at {
		i--
	}
	return homes[i].start + at - homes[i].from
}
