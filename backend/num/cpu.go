package num

import (
	"fmt"
	"strings"
)

// Family returns the kernel family of that name: "avx512", "avx2" or "go"; "" is the best one this machine can run.
// A name that is unknown, or that this machine cannot run, is an error that lists the legal ones.
func Family(name string) (Kernels, error) {
	available := available()
	if name == "" {
		return available[0], nil
	}
	for _, k := range available {
		if k.Name == name {
			return k, nil
		}
	}
	return Kernels{}, fmt.Errorf("kernel family %q does not run here: legal names are %s", name, strings.Join(Families(), ", "))
}

// Families names the kernel families this machine can run, best first. "go" is always the last.
func Families() []string {
	var names []string
	for _, k := range available() {
		names = append(names, k.Name)
	}
	return names
}

func available() []Kernels { return append(assembled(), Go()) }
