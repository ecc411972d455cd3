package nn

import "github.com/loci-lab/loci/backend/num"

// Adapter is a low-rank update of one linear map: y += (Alpha/Rank) * x A B (arXiv 2106.09685v2, sec. 4.1).
type Adapter struct {
	A *num.Tensor // [in][r]
	B *num.Tensor // [r][out], zero at first
}

// LoRA holds the adapters of a decoder. Where there is one, its adapters are trained and the decoder's own weights are not.
type LoRA struct {
	Rank   int
	Alpha  float64
	Blocks []LoRABlock // one for each layer
	Head   *Adapter    // nil where the head is not adapted
}

// LoRABlock are the adapters of one layer; those that are nil leave their map as it is.
type LoRABlock struct {
	QKV, Out, GateUp, Down *Adapter
}
