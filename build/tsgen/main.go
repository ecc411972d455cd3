// Command tsgen writes frontend/src/lib/api.gen.ts: the TypeScript side of every message that crosses the wire, read from the Go
// sources, so that a field exists on both sides or on none.
//
// It starts at the exported types of its roots and follows the fields. A named string type with constants becomes a union of its
// values. A nil slice or map crosses the wire as null, so those fields are nullable in TypeScript.
package main

import (
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
)

func main() {
	root := flag.String("root", ".", "folder of go.mod")
	flag.Parse()
	text, err := Generate(*root)
	if err != nil {
		slog.Error("tsgen", "error", err)
		os.Exit(1)
	}
	if err := os.WriteFile(filepath.Join(*root, Output), []byte(text), 0o644); err != nil {
		slog.Error("tsgen", "error", err)
		os.Exit(1)
	}
	fmt.Println("wrote", Output)
}
