package rarl

import "github.com/loci-lab/loci/backend/world/gridrobo"

// spots are the numbers of an observation that are columns and rows of the four bodies, in [-1, 1]; the rest follows them.
const spots = gridrobo.BodyWidth - 3

// featureWidth is how many numbers the encoder reads of an observation of that many.
func featureWidth(obs, grid int) int { return spots*grid + obs - spots }

// features writes what the encoder reads of an observation: every column and row as one of grid numbers that is 1, the others as they are
// (deviation D10).
func features(row, to []float32, grid int) {
	clear(to)
	for j, v := range row[:spots] {
		to[j*grid+int((v+1)*float32(grid-1)/2+0.5)] = 1
	}
	copy(to[spots*grid:], row[spots:])
}
