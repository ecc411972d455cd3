package schema

// Nearest returns the name that is closest to what somebody wrote, where one is close enough to be meant: at most a third of its
// letters differ, and at least one edit is always forgiven in names of three letters and more.
func Nearest(wrote string, names []string) (string, bool) {
	best, least := "", 1<<30
	for _, name := range names {
		if d := distance([]rune(wrote), []rune(name)); d < least {
			best, least = name, d
		}
	}
	longest := max(len([]rune(wrote)), len([]rune(best)))
	return best, best != "" && longest >= 3 && least <= max(1, longest/3)
}

// distance is the optimal string alignment distance: insertions, deletions, replacements and swaps of neighbours cost one each.
func distance(a, b []rune) int {
	before, last := []int(nil), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(row[j]+1, last[j+1]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
