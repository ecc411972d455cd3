// Package experiments holds the notebooks that ship with Loci and their recorded results.
package experiments

import "embed"

// Files are the notebooks (*.md) and their results (SLUG.results/*), by their names in this folder.
//
//go:embed *.md *.results
var Files embed.FS
