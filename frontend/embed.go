//go:build embed

// Package frontend holds the built pages. With the build tag "embed" they are part of the program; without it the package is empty,
// so that the Go tests need no Node.
package frontend

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var files embed.FS

// Dist returns the built pages with index.html at the root.
func Dist() fs.FS {
	sub, err := fs.Sub(files, "dist")
	if err != nil {
		return files // cannot happen: "dist" is a valid path
	}
	return sub
}
