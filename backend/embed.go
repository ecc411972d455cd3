// Package backend carries the sources of the mechanisms, so that a notebook can show them beside the equations that they implement.
package backend

import "embed"

// Sources are the files that mechanism.yaml of a paper may point to, by their paths below this folder.
//
//go:embed paper/*/*.go paper/*/mechanism.yaml agent/*.go mem/*.go rl/*.go rl/*/*.go nn/*.go nn/*/*.go world/*/*.go
var Sources embed.FS
