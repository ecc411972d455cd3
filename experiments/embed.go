// Package experiments holds the notebooks that ship with Loci and their recorded results.
package experiments

import "embed"

// Files are the notebooks ([a-z]*.md; LOG.md is none) and their results (SLUG.results/*), by their names in this folder.
//
//go:embed [a-z]*.md *.results
var Files embed.FS
