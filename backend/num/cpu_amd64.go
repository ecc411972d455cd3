package num

import "golang.org/x/sys/cpu"

// assembled lists the families written in assembly that this processor and operating system can run, best first. The flags of
// x/sys/cpu already say whether the operating system saves the wide registers.
func assembled() []Kernels {
	var families []Kernels
	avx2 := cpu.X86.HasAVX2 && cpu.X86.HasFMA && cpu.X86.HasBMI2
	if avx2 && cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VL {
		families = append(families, avx512())
	}
	if avx2 {
		families = append(families, avx2Family())
	}
	return families
}
