package memoryrplus

// window scales numbers by the smallest and largest of the last ones, this one among them.
type window struct {
	Most   int // w
	Values []float64
}

// scale takes a value in and returns it scaled to [0, 1]; ok is false where all values of the window are equal, and then it cannot be.
func (w *window) scale(v float64) (scaled float64, ok bool) {
	if w.Values = append(w.Values, v); len(w.Values) > w.Most {
		w.Values = w.Values[1:]
	}
	lo, hi := w.Values[0], w.Values[0]
	for _, x := range w.Values {
		lo, hi = min(lo, x), max(hi, x)
	}
	if hi == lo {
		return 0, false
	}
	return (v - lo) / (hi - lo), true
}
