// Command kernels writes the assembly of backend/num: one file of kernels and one of Go declarations a family. Run it by
// go generate ./backend/num; a test compares the committed files with what it writes.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
)

func main() {
	folder := "." // or the only argument
	if len(os.Args) > 1 {
		folder = os.Args[1]
	}
	if err := write(folder); err != nil {
		fmt.Fprintln(os.Stderr, "kernels:", err)
		os.Exit(1)
	}
}

func write(folder string) error {
	for _, f := range families() {
		files, err := generate(f)
		if err != nil {
			return err
		}
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// family is an instruction set: its name and the bytes of a vector register.
type family struct {
	name  string
	bytes int
}

func families() []family { return []family{{"avx512", 64}, {"avx2", 32}} }

func (f family) wide() bool { return f.bytes == 64 }
func (f family) lanes() int { return f.bytes / 4 }

// generate returns the text of the family's files by name.
func generate(f family) (map[string][]byte, error) {
	ctx := build.NewContext()
	ctx.ConstraintExpr("amd64")
	g := &generator{Context: ctx, family: f, globals: map[string]bool{}}
	g.elementwise()
	g.reductions()
	g.cells()
	g.adam()
	g.gemm()
	g.decoder()
	file, err := ctx.Result()
	if err != nil {
		return nil, fmt.Errorf("%s: %v", f.name, err)
	}
	if err := pass.Compile.Execute(file); err != nil {
		return nil, fmt.Errorf("%s: %v", f.name, err)
	}
	config := printer.Config{Name: "build/kernels", Pkg: "num"}
	files := map[string][]byte{}
	for name, p := range map[string]printer.Printer{
		"kernels_" + f.name + "_amd64.s":  printer.NewGoAsm(config),
		"kernels_amd64_" + f.name + ".go": printer.NewStubs(config),
	} {
		if files[name], err = p.Print(file); err != nil {
			return nil, fmt.Errorf("%s: %v", name, err)
		}
	}
	return files, nil
}
