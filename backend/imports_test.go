// Package backend_test holds the one architecture document that cannot go stale: who may import whom.
package backend_test

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// allowed lists, for each package, the packages of this module that it may import. A package may import only packages that stand
// above it. A name with /* stands for every package below that folder; such packages follow the row of their folder.
var allowed = []struct {
	name    string
	imports string
}{
	{"lab", ""},
	{"file", ""},
	{"settings", "lab"},
	{"rng", ""},
	{"schema", "lab"},
	{"num", ""},
	{"nn", "num rng"},
	{"stats", "lab rng"},
	{"series", "lab"},
	{"record", "lab file"},
	{"history", "lab record"},
	{"pipe", "lab"},
	{"world", "lab rng schema pipe"},
	{"llm", "lab file rng schema num nn"},
	{"mem", "lab rng schema num nn pipe"},
	{"rl", "lab rng num nn world llm"},
	{"agent", "lab rng schema num nn rl world"},
	{"trainer", "lab file rng schema num nn llm rl"},
	{"engine", "lab file rng llm rl trainer"},
	{"papertest", "lab schema"},
	{"paper", "lab rng schema num nn stats world llm mem rl agent trainer pipe"},
	{"catalog", "lab schema world llm mem agent trainer paper pipe"},
	{"run", "lab rng file schema stats record"},
	{"notebook", "lab file rng schema"},
	{"store", "lab record series"},
	{"compare", "lab store"},
	{"chart", "lab stats series"},
	{"hub", "lab"},
	{"target", "lab file record run trainer"},
	{"sched", "lab file notebook stats record store hub run target"},
	{"bundle", "lab file notebook stats record history store chart"},
	{"web", "lab file settings schema catalog notebook stats series store chart hub target sched bundle record history compare"},
}

const module = "github.com/loci-lab/loci/backend/"

func TestPackagesImportOnlyWhatTheTableAllows(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	seen := 0
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var p struct {
			ImportPath, Dir                    string
			Imports, TestImports, XTestImports []string
		}
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		if path, ok := strings.CutPrefix(p.ImportPath, module); ok {
			seen++
			check(t, path, p.Imports)
		}
	}
	if seen < 5 {
		t.Fatalf("only %d packages found below backend", seen)
	}
}

func check(t *testing.T, path string, imports []string) {
	t.Helper()
	top, _, _ := strings.Cut(path, "/")
	row := slices.IndexFunc(allowed, func(r struct{ name, imports string }) bool { return r.name == top })
	if row < 0 {
		t.Errorf("package %s has no row in the table: say what it may import", path)
		return
	}
	legal := strings.Fields(allowed[row].imports)
	for _, imp := range imports {
		rest, ours := strings.CutPrefix(imp, module)
		if strings.Contains(imp, "mattn/go-sqlite3") && top != "store" {
			t.Errorf("%s imports SQLite; only store may", path)
		}
		if !ours {
			continue
		}
		to, _, _ := strings.Cut(rest, "/")
		if top == "paper" && to == "paper" {
			t.Errorf("%s imports another paper, %s", path, rest)
		}
		if to != top && !slices.Contains(legal, to) {
			t.Errorf("%s imports %s, want only %v", path, rest, legal)
		}
	}
}

func TestTheTableHasNoCycle(t *testing.T) {
	above := map[string]bool{}
	for _, r := range allowed {
		for _, imp := range strings.Fields(r.imports) {
			if !above[imp] && imp != "record" { // record stands above store, beside the packages that read it
				t.Errorf("%s may import %s, which does not stand above it", r.name, imp)
			}
		}
		above[r.name] = true
	}
}
