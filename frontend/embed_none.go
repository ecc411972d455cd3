//go:build !embed

// Package frontend holds the built pages. With the build tag "embed" they are part of the program; without it the package is empty,
// so that the Go tests need no Node.
package frontend

import (
	"embed"
	"io/fs"
)

// Dist returns an empty file system: this program was built without its pages.
func Dist() fs.FS { return embed.FS{} }
