//go:build !race

package papertest

const race = false
