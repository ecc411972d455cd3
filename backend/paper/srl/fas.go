package srl

// lengths are the numbers of steps for a decision at which a finished agent is tested: 1, 2, 4, 6, .. up to the longest, as in the code
// published with the paper.
func lengths(longest int) []int {
	all := []int{1}
	for l := 2; l <= longest; l += 2 {
		all = append(all, l)
	}
	return all
}

// score is FAS, the frequency-averaged score of arXiv 2410.08979: the area under the mean return over the steps for a decision, by
// trapezoids, divided by the longest and the best return.
//
//	FAS = (1 / (longest best)) sum_i (L_{i+1} - L_i) (R_i + R_{i+1} + 2 shift) / 2
//
// The area begins at 1, so that its width is one less than what it is divided by: the published numbers are made so.
func score(lengths []int, returns []float64, longest int, shift, best float64) float64 {
	area := 0.0
	for i := 1; i < len(lengths); i++ {
		area += float64(lengths[i]-lengths[i-1]) * (returns[i] + returns[i-1] + 2*shift) / 2
	}
	return area / (float64(longest) * best)
}
