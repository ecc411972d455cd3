package wire

// Paths of the calls that keep weights and bring them back.
const (
	PathSave           = "save_weights"             // POST SaveRequest, future of SaveReply
	PathLoad           = "load_weights"             // POST LoadRequest, future of LoadReply
	PathSaveForSampler = "save_weights_for_sampler" // POST SaveForSamplerRequest, future of SaveForSamplerReply
	PathWeightsInfo    = "weights_info"             // POST WeightsInfoRequest, WeightsInfoReply
)

// SaveRequest keeps weights and optimiser under a name; a server makes one up where Path is empty.
type SaveRequest struct {
	Type      string `json:"type,omitempty"`
	ModelID   string `json:"model_id" wire:"required"`
	Path      string `json:"path,omitempty"` // the name
	SeqID     int64  `json:"seq_id,omitempty"`
	TTL       *int64 `json:"ttl_seconds,omitempty"`
	Overwrite bool   `json:"overwrite,omitempty"`
}

// SaveReply is the result.
type SaveReply struct {
	Type string `json:"type,omitempty"`
	Path string `json:"path" wire:"required"` // tinker://RUN/weights/NAME
}

// LoadRequest takes weights, and with Optimizer the optimiser's state, from a path.
type LoadRequest struct {
	Type      string `json:"type,omitempty"`
	ModelID   string `json:"model_id" wire:"required"`
	SeqID     int64  `json:"seq_id,omitempty"`
	Path      string `json:"path" wire:"required"`
	Optimizer bool   `json:"optimizer"`
}

// LoadReply is the result.
type LoadReply struct {
	Type    string `json:"type,omitempty"`
	Path    string `json:"path,omitempty"`
	ModelID string `json:"model_id,omitempty"`
}

// SaveForSamplerRequest keeps the weights for sampling, either under the name Path or, ephemeral, for the sampling session of that
// number.
type SaveForSamplerRequest struct {
	Type         string `json:"type,omitempty"`
	ModelID      string `json:"model_id" wire:"required"`
	SeqID        int64  `json:"seq_id,omitempty"`
	Path         string `json:"path,omitempty"`
	SessionSeqID *int64 `json:"sampling_session_seq_id,omitempty"`
	TTL          *int64 `json:"ttl_seconds,omitempty"`
}

// SaveForSamplerReply is the result: a path for a name, a sampling session for an ephemeral save.
type SaveForSamplerReply struct {
	Type              string `json:"type,omitempty"`
	Path              string `json:"path,omitempty"`
	SamplingSessionID string `json:"sampling_session_id,omitempty"`
}

// WeightsInfoRequest asks what a checkpoint was made from.
type WeightsInfoRequest struct {
	Path string `json:"tinker_path" wire:"required"`
}

// WeightsInfoReply tells.
type WeightsInfoReply struct {
	BaseModel    string `json:"base_model" wire:"required"`
	IsLoRA       bool   `json:"is_lora"`
	LoRARank     *int   `json:"lora_rank"`
	TrainMLP     *bool  `json:"train_mlp,omitempty"`
	TrainAttn    *bool  `json:"train_attn,omitempty"`
	TrainUnembed *bool  `json:"train_unembed,omitempty"`
}
