package wire

import "encoding/json"

// Paths of the calls that open and keep a connection.
const (
	PathHealth        = "healthz"                 // GET HealthReply
	PathConfig        = "client/config"           // POST ConfigRequest, ConfigReply
	PathDynamicConfig = "client/dynamic_config"   // POST {}, DynamicConfigReply
	PathCreateSession = "create_session"          // POST CreateSessionRequest, CreateSessionReply
	PathHeartbeat     = "session_heartbeat"       // POST HeartbeatRequest, HeartbeatReply
	PathCapabilities  = "get_server_capabilities" // GET CapabilitiesReply
	PathTelemetry     = "telemetry"               // POST TelemetryRequest, TelemetryReply
)

// HealthReply says that a server answers.
type HealthReply struct {
	Status string `json:"status" wire:"required"`
}

// ConfigRequest asks for the flags of a server.
type ConfigRequest struct {
	Version string `json:"sdk_version"`
}

// ConfigReply has the flags. A flag that a server leaves out has the value in NewConfigReply.
type ConfigReply struct {
	JWT                 bool    `json:"pjwt_auth_enabled"`
	CredentialSource    string  `json:"credential_default_source"`
	ParallelChunks      bool    `json:"parallel_fwdbwd_chunks"`
	MaxChunkLen         int     `json:"fwdbwd_max_chunk_len"`         // rows
	MaxChunkBytes       int     `json:"fwdbwd_max_chunk_bytes_count"` // bytes
	Compress            bool    `json:"proto_compress_fwdbwd"`
	SampleConcurrency   int     `json:"sample_max_concurrent_requests"`
	SampleDispatchBytes int     `json:"sample_dispatch_bytes_semaphore_size"`     // bytes
	InflightReplyBytes  int     `json:"inflight_response_bytes_semaphore_size"`   // bytes
	BillingPause        float64 `json:"billing_exception_max_pause_duration_sec"` // seconds
	Pyqwest             bool    `json:"use_pyqwest_transport"`
	CreateByLoad        bool    `json:"create_model_via_load_weights"`
	SampleRetrieveMany  bool    `json:"sample_use_retrieve_futures"`
}

// NewConfigReply returns the flags that our server sends: none of the optional features, plain HTTP transport, chunks of at most 1024
// rows or 5 MB.
func NewConfigReply() ConfigReply {
	return ConfigReply{
		CredentialSource: "api_key", ParallelChunks: true, MaxChunkLen: 1024, MaxChunkBytes: 5_000_000, SampleConcurrency: 2000,
		SampleDispatchBytes: 10 << 20, InflightReplyBytes: 50 << 20, BillingPause: 3600,
	}
}

// DynamicConfigReply has the flags that a client asks for again while it runs.
type DynamicConfigReply struct {
	Refresh      int  `json:"refresh_interval_sec"` // seconds
	SampleCancel bool `json:"sample_cancel_enabled"`
}

// CreateSessionRequest opens a session.
type CreateSessionRequest struct {
	Type         string          `json:"type,omitempty"`
	Tags         []string        `json:"tags" wire:"required"`
	UserMetadata json.RawMessage `json:"user_metadata,omitempty"`
	Version      string          `json:"sdk_version" wire:"required"`
	Project      string          `json:"project_id,omitempty"`
}

// CreateSessionReply names the session. Messages are for people.
type CreateSessionReply struct {
	Type           string `json:"type,omitempty"`
	SessionID      string `json:"session_id" wire:"required"`
	InfoMessage    string `json:"info_message,omitempty"`
	WarningMessage string `json:"warning_message,omitempty"`
	ErrorMessage   string `json:"error_message,omitempty"`
}

// HeartbeatRequest keeps a session alive.
type HeartbeatRequest struct {
	Type      string `json:"type,omitempty"`
	SessionID string `json:"session_id" wire:"required"`
}

// HeartbeatReply acknowledges it.
type HeartbeatReply struct {
	Type string `json:"type"`
}

// FinishRequest ends a session (POST sessions/ID/finish).
type FinishRequest struct {
	Reason json.RawMessage `json:"reason,omitempty"`
	Detail string          `json:"detail,omitempty"`
}

// CapabilitiesReply lists the models of a server.
type CapabilitiesReply struct {
	Models []SupportedModel `json:"supported_models" wire:"required"`
}

// SupportedModel is one of them.
type SupportedModel struct {
	Name       string `json:"model_name" wire:"required"`
	MaxContext int    `json:"max_context_length,omitempty"` // tokens, 0 where the server does not say
	Trainable  *bool  `json:"trainable,omitempty"`
	Sampleable *bool  `json:"sampleable,omitempty"`
}

// TelemetryRequest carries a client's own events, which a server may throw away.
type TelemetryRequest struct {
	Events []json.RawMessage `json:"events"`
}

// TelemetryReply acknowledges them.
type TelemetryReply struct {
	Status string `json:"status"`
}

// SessionReply describes a session (GET sessions/ID).
type SessionReply struct {
	TrainingRuns []string `json:"training_run_ids"`
	Samplers     []string `json:"sampler_ids"`
}

// SessionsReply lists sessions (GET sessions).
type SessionsReply struct {
	Sessions []string `json:"sessions"`
}
