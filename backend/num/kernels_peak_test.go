package num

import (
	"testing"
	"time"
)

func TestPeakIsAPositiveRate(t *testing.T) {
	eachFamily(t, func(t *testing.T, k Kernels) {
		if got := PeakGFLOPS(k, 5*time.Millisecond); got < 0.01 {
			t.Errorf("peak of %s is %v GFLOP/s", k.Name, got)
		}
	})
}
