package wire

import "time"

// The two kinds of checkpoint, and the middle segment of their paths.
const (
	TrainingCheckpoint = "training"
	SamplerCheckpoint  = "sampler"
	WeightsSegment     = "weights"
	SamplerSegment     = "sampler_weights"
)

// Checkpoint is an entry of a listing.
type Checkpoint struct {
	ID        string     `json:"checkpoint_id" wire:"required"` // weights/NAME or sampler_weights/NAME
	Type      string     `json:"checkpoint_type"`
	Time      time.Time  `json:"time"`
	Path      string     `json:"tinker_path"`
	SizeBytes *int64     `json:"size_bytes,omitempty"`
	Public    bool       `json:"public"`
	Expires   *time.Time `json:"expires_at,omitempty"`
}

// CheckpointsReply lists checkpoints (GET checkpoints, GET training_runs/ID/checkpoints).
type CheckpointsReply struct {
	Checkpoints []Checkpoint `json:"checkpoints" wire:"required"`
	Cursor      *Cursor      `json:"cursor,omitempty"`
}

// TrainingRun describes a model that is or was trained (GET training_runs/ID).
type TrainingRun struct {
	ID             string         `json:"training_run_id"`
	BaseModel      string         `json:"base_model"`
	ModelOwner     string         `json:"model_owner"`
	IsLoRA         bool           `json:"is_lora"`
	LoRARank       *int           `json:"lora_rank"`
	Corrupted      bool           `json:"corrupted"`
	LastRequest    time.Time      `json:"last_request_time"`
	LastCheckpoint *Checkpoint    `json:"last_checkpoint,omitempty"`
	LastSampler    *Checkpoint    `json:"last_sampler_checkpoint,omitempty"`
	UserMetadata   map[string]any `json:"user_metadata,omitempty"`
}

// TrainingRunsReply lists them (GET training_runs).
type TrainingRunsReply struct {
	Runs   []TrainingRun `json:"training_runs"`
	Cursor Cursor        `json:"cursor"`
}

// Cursor says which part of a listing it is.
type Cursor struct {
	Offset int `json:"offset"`
	Limit  int `json:"limit"`
	Total  int `json:"total_count"`
}

// TTLRequest sets when a checkpoint goes (PUT .../ttl); nil keeps it.
type TTLRequest struct {
	Seconds *int64 `json:"ttl_seconds"`
}

// ArchiveReply says where a checkpoint's files are.
type ArchiveReply struct {
	URL     string    `json:"url" wire:"required"`
	Expires time.Time `json:"expires"`
}
