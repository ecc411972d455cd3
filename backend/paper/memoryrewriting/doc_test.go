package memoryrewriting

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

// The arms are to differ in their memory and not in how much they can learn: the largest has at most twice the smallest.
func TestAllArmsHaveAboutAsManyParametersAsThePageSays(t *testing.T) {
	text, err := os.ReadFile("doc.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	least, most := math.MaxInt, 0
	for _, kind := range []string{MLP, RNN, GRU, LSTM, FFM, Transformer} {
		m := begin(t, setup(t, given{"kind": "endless-t-maze"}, given{"kind": kind}, given{"steps": 0}), 1, lab.Bench{})
		n := parameters(m.actor.Policy)
		least, most = min(least, n), max(most, n)
		if n < 19000 || n > 40000 {
			t.Errorf("%s has %d parameters, want 19000 to 40000", kind, n)
		}
		if row := fmt.Sprintf("| %s | %d |", kind, n); !strings.Contains(page, row) {
			t.Errorf("doc.md lacks the row %q of the table of parameters", row)
		}
	}
	if most > 2*least {
		t.Errorf("agents have %d to %d parameters, want at most twice as many", least, most)
	}
}
