//go:build !amd64

package num

// assembled lists the families written in assembly that this processor and operating system can run, best first.
func assembled() []Kernels { return nil }
