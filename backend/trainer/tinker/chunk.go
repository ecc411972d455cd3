package tinker

import (
	"math"
	"strings"

	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/trainer"
)

// chunks cuts rows into pieces of at most so many rows and, but for single large rows, about so many bytes. The loss is a sum, so the
// pieces together are the whole.
func chunks(data []rl.Datum, rows, bytes int, plain bool) [][]rl.Datum {
	var out [][]rl.Datum
	from, size := 0, 0
	for i := range data {
		here := bytesOf(&data[i], plain)
		if i > from && (i-from == rows || size+here > bytes) {
			out = append(out, data[from:i])
			from, size = i, 0
		}
		size += here
	}
	return append(out, data[from:])
}

// bytesOf estimates what a row takes: 4 bytes a token or number and 8 a target in protobuf, about 12 characters for each in JSON.
func bytesOf(d *rl.Datum, plain bool) int {
	numbers := len(d.Weights) + len(d.Logprobs) + len(d.Advantages) + len(d.Low) + len(d.High) + len(d.Values) + len(d.Returns)
	if plain {
		return 400 + 12*(numbers+len(d.Input)+len(d.Targets))
	}
	return 200 + 4*(numbers+len(d.Input)) + 8*len(d.Targets)
}

// merge puts the outputs of pieces together: rows behind each other, metrics by the reduction behind the colon of their name. A mean
// counts by rows; a metric of another reduction is left out.
func merge(parts []trainer.Output) trainer.Output {
	if len(parts) == 1 {
		return parts[0]
	}
	out := trainer.Output{Metrics: trainer.Metrics{}}
	total := 0
	for _, part := range parts {
		out.Rows = append(out.Rows, part.Rows...)
		total += len(part.Rows)
	}
	for _, part := range parts {
		for name, value := range part.Metrics {
			_, reduction, _ := strings.Cut(name, ":")
			before, seen := out.Metrics[name]
			switch {
			case reduction == "sum":
				out.Metrics[name] = before + value
			case reduction == "mean":
				out.Metrics[name] = before + value*float64(len(part.Rows))/float64(total)
			case reduction == "min" && seen:
				out.Metrics[name] = math.Min(before, value)
			case reduction == "max" && seen:
				out.Metrics[name] = math.Max(before, value)
			case reduction == "min" || reduction == "max":
				out.Metrics[name] = value
			}
		}
	}
	return out
}
