package run

// About is what a worker tells of itself and its computer.
type About struct {
	Commit  string   `json:"commit"`
	OS      string   `json:"os"`
	Arch    string   `json:"arch"`
	Cores   int      `json:"cores"`
	Kernels []string `json:"kernels"` // families of the numeric core, best first
	Machine string   `json:"machine"`
	GPUs    []string `json:"gpus"`
}
