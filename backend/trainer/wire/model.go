package wire

// Paths of the calls that make, describe and end a model.
const (
	PathCreateModel = "create_model" // POST CreateModelRequest, future of CreateModelReply
	PathGetInfo     = "get_info"     // POST GetInfoRequest, GetInfoReply
	PathUnload      = "unload_model" // POST UnloadRequest, future of UnloadReply
)

// CreateModelRequest makes a model to train.
type CreateModelRequest struct {
	Type         string         `json:"type,omitempty"`
	SessionID    string         `json:"session_id" wire:"required"`
	ModelSeqID   int64          `json:"model_seq_id" wire:"required"`
	BaseModel    string         `json:"base_model" wire:"required"`
	UserMetadata map[string]any `json:"user_metadata,omitempty"`
	LoRA         *LoRA          `json:"lora_config,omitempty"` // nil: all weights
	Optimizer    *Optimizer     `json:"optimizer_config,omitempty"`
}

// LoRA says which low-rank factors to train. A part that is nil is trained.
type LoRA struct {
	Rank         int    `json:"rank" wire:"required"` // 0: all weights, no factors
	Seed         *int64 `json:"seed,omitempty"`
	TrainMLP     *bool  `json:"train_mlp,omitempty"`
	TrainAttn    *bool  `json:"train_attn,omitempty"`
	TrainUnembed *bool  `json:"train_unembed,omitempty"`
}

// Optimizer names the optimiser of a model; adamw where it is left out.
type Optimizer struct {
	Type string `json:"type"`
}

// CreateModelReply is the result.
type CreateModelReply struct {
	Type    string `json:"type,omitempty"`
	ModelID string `json:"model_id" wire:"required"`
}

// GetInfoRequest asks what a model is.
type GetInfoRequest struct {
	Type    string `json:"type,omitempty"`
	ModelID string `json:"model_id" wire:"required"`
}

// GetInfoReply tells.
type GetInfoReply struct {
	Type      string    `json:"type,omitempty"`
	ModelID   string    `json:"model_id" wire:"required"`
	ModelData ModelData `json:"model_data" wire:"required"`
	IsLoRA    bool      `json:"is_lora,omitempty"`
	LoRARank  int       `json:"lora_rank,omitempty"`
	ModelName string    `json:"model_name,omitempty"`
}

// ModelData describes the base model.
type ModelData struct {
	Arch        string `json:"arch,omitempty"`
	ModelName   string `json:"model_name" wire:"required"`
	TokenizerID string `json:"tokenizer_id,omitempty"`
}

// UnloadRequest ends a model.
type UnloadRequest struct {
	Type    string `json:"type,omitempty"`
	ModelID string `json:"model_id" wire:"required"`
}

// UnloadReply is the result.
type UnloadReply struct {
	Type    string `json:"type,omitempty"`
	ModelID string `json:"model_id"`
}
