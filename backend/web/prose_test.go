package web

import (
	"strings"
	"testing"
)

func TestFormulasAreSetApartAndMoneyIsNot(t *testing.T) {
	for _, c := range []struct{ name, source, want string }{
		{"a formula in a line", `each has a value $Q_m$.`, `<p>each has a value <span class="math">Q_m</span>.</p>`},
		{"a formula by itself, with spaces and escapes", `$$ a \leftarrow \alpha\,(r - a) $$`, `<p><span class="math display">a \leftarrow \alpha\,(r - a)</span></p>`},
		{"a formula over lines", "$$\na < b\n$$", `<p><span class="math display">a &lt; b</span></p>`},
		{"money", "it costs $5 and then $10", `<p>it costs $5 and then $10</p>`},
		{"two dollar signs without a partner", "$$ a", `<p>$$ a</p>`},
		{"nothing between", "$$$$", `<p>$$$$</p>`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := strings.TrimSpace(newProse().render(c.source)); got != c.want {
				t.Errorf("%s\nwant %s", got, c.want)
			}
		})
	}
}
