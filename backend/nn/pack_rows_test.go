package nn

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func count(from, to int32) (xs []int32) {
	for x := from; x < to; x++ {
		xs = append(xs, x)
	}
	return xs
}

func TestPackRowsSharesPrefixesToAnyDepth(t *testing.T) {
	// Two prompts begin with the same ten tokens; the first goes on for eight more and has two samples, which differ at once.
	system, prompt := count(0, 10), count(20, 28)
	a := slices.Concat(system, prompt, []int32{1, 2})
	b := slices.Concat(system, prompt, []int32{3})
	c := slices.Concat(system, []int32{40, 41})
	rows := []Row{{a, []Read{{19, 9}, {17, 1}}}, {c, []Read{{11, 5}}}, {b, []Read{{17, 3}, {17, 1}}}, {b, nil}}
	packs, places := PackRows(rows, 0)
	if len(packs) != 1 {
		t.Fatalf("%d packs, want 1", len(packs))
	}
	p := packs[0]
	if want := slices.Concat(system, prompt, []int32{1, 2}, []int32{3}, []int32{40, 41}); !slices.Equal(p.Tokens, want) {
		t.Errorf("tokens are %v, want %v", p.Tokens, want)
	}
	if want := []Part{{Start: 0, End: 10, Parent: -1}, {Start: 10, End: 18, Parent: 0}, {Start: 18, End: 20, Parent: 1}, {Start: 20, End: 21, Parent: 1}, {Start: 21, End: 23, Parent: 0}}; !slices.Equal(p.Parts, want) {
		t.Errorf("parts are %v, want %v", p.Parts, want)
	}
	if want := slices.Concat(count(0, 10), count(10, 18), []int32{18, 19}, []int32{18}, []int32{10, 11}); !slices.Equal(p.Positions, want) {
		t.Errorf("positions are %v, want %v", p.Positions, want)
	}
	// Token 17 is read three times, for targets 1, 1 and 3; then 19 (row a), then 22 (row c).
	if !slices.Equal(p.Reads, []int32{17, 17, 17, 19, 22}) || !slices.Equal(p.Targets, []int32{1, 1, 3, 9, 5}) {
		t.Errorf("reads are %v of %v", p.Reads, p.Targets)
	}
	if places[0][0] != (Place{0, 3}) || places[1][0] != (Place{0, 4}) || places[2][0] != (Place{0, 2}) {
		t.Errorf("places are %v", places)
	}
}

func TestPackRowsSharesNoShortPrefix(t *testing.T) {
	packs, _ := PackRows([]Row{{count(0, 12), nil}, {append(count(0, 7), 90, 91), nil}}, 0)
	if want := []Part{{Start: 0, End: 12, Parent: -1}, {Start: 12, End: 21, Parent: -1}}; !slices.Equal(packs[0].Parts, want) {
		t.Errorf("parts are %v, want %v", packs[0].Parts, want)
	}
}

// rebuild reads a row back from a pack: the chain of parts up from the one that holds the last token.
func rebuild(p *Pack, last int) (tokens []int32) {
	part := slices.IndexFunc(p.Parts, func(q Part) bool { return q.Start <= last && last < q.End })
	end := last + 1
	for part >= 0 {
		tokens = append(slices.Clone(p.Tokens[p.Parts[part].Start:end]), tokens...)
		if part = p.Parts[part].Parent; part >= 0 {
			end = p.Parts[part].End
		}
	}
	return tokens
}

func TestPackRowsKeepsEveryRowWholeWithinTheLimit(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 0))
	for round := range 60 {
		var rows []Row
		for range 1 + r.IntN(12) {
			row := Row{}
			if len(rows) > 0 && r.IntN(3) > 0 { // goes on from a piece of an earlier row
				old := rows[r.IntN(len(rows))].Tokens
				row.Tokens = slices.Clone(old[:r.IntN(len(old)+1)])
			}
			for range r.IntN(20) {
				row.Tokens = append(row.Tokens, int32(r.IntN(3)))
			}
			for at := range row.Tokens {
				for range r.IntN(3) {
					row.Reads = append(row.Reads, Read{at, int32(r.IntN(5))})
				}
			}
			rows = append(rows, row)
		}
		limit := []int{0, 1, 30, 100}[round%4]
		packs, places := PackRows(rows, limit)
		for i, row := range rows {
			for j, read := range row.Reads {
				p := packs[places[i][j].Pack]
				if got := p.Targets[places[i][j].Read]; got != read.Target {
					t.Fatalf("round %d: target of read %d of row %d is %d, want %d", round, j, i, got, read.Target)
				}
				at := int(p.Reads[places[i][j].Read])
				if got := rebuild(p, at); !slices.Equal(got, row.Tokens[:read.At+1]) {
					t.Fatalf("round %d: row %d up to %d reads back as %v, want %v", round, i, read.At, got, row.Tokens[:read.At+1])
				}
				if int(p.Positions[at]) != read.At {
					t.Fatalf("round %d: token %d of row %d has position %d", round, read.At, i, p.Positions[at])
				}
			}
		}
		for _, p := range packs {
			at := 0
			for i, q := range p.Parts {
				if q.Start != at || q.End <= q.Start || q.Parent >= i {
					t.Fatalf("round %d: parts are %v", round, p.Parts)
				}
				at = q.End
			}
			if at != len(p.Tokens) || len(p.Positions) != at {
				t.Fatalf("round %d: parts end at %d of %d tokens", round, at, len(p.Tokens))
			}
			if roots := slices.DeleteFunc(slices.Clone(p.Parts), func(q Part) bool { return q.Parent >= 0 }); limit > 0 && len(p.Tokens) > limit && len(roots) > 1 {
				t.Fatalf("round %d: a pack of %d tokens, limit %d, has %d roots", round, len(p.Tokens), limit, len(roots))
			}
		}
		again, _ := PackRows(rows, limit)
		for i, p := range packs {
			if !slices.Equal(p.Tokens, again[i].Tokens) || !slices.Equal(p.Reads, again[i].Reads) {
				t.Fatalf("round %d: a second packing differs", round)
			}
		}
	}
}

func TestPackRowsRefusesAReadOutsideItsRow(t *testing.T) {
	defer func() {
		if got, want := recover(), "nn: pack: row 0 reads token 2 of 2"; got != want {
			t.Errorf("panic %v, want %q", got, want)
		}
	}()
	PackRows([]Row{{[]int32{1, 2}, []Read{{2, 0}}}}, 0)
}
