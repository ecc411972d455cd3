package delethink

import (
	"testing"

	mathworld "github.com/loci-lab/loci/backend/world/math"
)

func TestRowsOfTheWarmStartAreWholeOrCutAndNeverTooLong(t *testing.T) {
	mix := mixture{World: mathworld.ArithmeticKnobs{Live: 1, Shortest: 1, Longest: 1, Modulus: 31, Operand: 5, Reads: 0.2, Stay: 0.5}, Live: 4, Ops: [2]int{20, 44}, Long: 0.2, Cut: 0.5, Tokens: 256}
	w, err := newWarmer(mix)
	if err != nil {
		t.Fatal(err)
	}
	cut, ended, most := 0, 0, 0
	for i := range uint64(400) {
		d, err := w.row(i * 0x9e3779b97f4a7c15)
		if err != nil {
			t.Fatal(err)
		}
		n, first := len(d.Input)+1, 0
		for first < len(d.Weights) && d.Weights[first] == 0 {
			first++
		}
		read, err := w.words.Decode(d.Input[:first+1])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := mathworld.ReadProblem(read, 31); err != nil {
			cut++ // something of the work stands behind the question
		}
		if d.Targets[len(d.Targets)-1] == w.words.End() {
			ended++
		}
		most = max(most, n)
		if n > mix.Tokens || first == len(d.Weights) {
			t.Fatalf("row %d has %d tokens, trained from %d on", i, n, first)
		}
	}
	if cut < 150 || cut > 250 || ended < 300 || most < 200 {
		t.Errorf("%d of 400 rows are cut, %d end, the longest has %d tokens", cut, ended, most)
	}
}
