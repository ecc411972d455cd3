// Package icons holds the picture of the program.
package icons

import _ "embed"

// PNG is 256 by 256 points.
//
//go:embed loci.png
var PNG []byte
