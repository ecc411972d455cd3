package wire

import "encoding/json"

// PathRetrieve asks for the result of a queued call: POST RetrieveRequest; the reply is the result, TryAgain, Failed or Complete.
const PathRetrieve = "retrieve_future"

// RequestID names a queued call. SkyRL writes it as a number in some replies, so both forms are read.
type RequestID string

// UnmarshalJSON reads text or a number.
func (id *RequestID) UnmarshalJSON(raw []byte) error {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		*id = RequestID(text)
		return nil
	}
	var number json.Number
	if err := json.Unmarshal(raw, &number); err != nil {
		return err
	}
	*id = RequestID(number.String())
	return nil
}

// Queued answers every call whose result comes later.
type Queued struct {
	RequestID RequestID `json:"request_id"`
	ModelID   string    `json:"model_id,omitempty"`
	// Sequences has an id for each sample of an asample call; clients of version 0.26.2 and later insist on them.
	Sequences []string `json:"sample_sequence_ids,omitempty"`
}

// RetrieveRequest asks for a result.
type RetrieveRequest struct {
	RequestID         RequestID `json:"request_id"`
	AllowMetadataOnly bool      `json:"allow_metadata_only,omitempty"`
}

// TryAgain says that the result is not there yet.
type TryAgain struct {
	Type       string    `json:"type"` // try_again
	RequestID  RequestID `json:"request_id"`
	QueueState string    `json:"queue_state"` // active, paused_capacity, paused_rate_limit
	Reason     string    `json:"queue_state_reason,omitempty"`
}

// Types and states of TryAgain.
const (
	TypeTryAgain     = "try_again"
	QueueActive      = "active"
	QueueCapacity    = "paused_capacity"
	QueueRateLimit   = "paused_rate_limit"
	CompleteMetadata = "complete_metadata" // Complete.Status
)

// Failed says that the call failed, with status 200.
type Failed struct {
	Error    string `json:"error" wire:"required"`
	Category string `json:"category"`
}

// Whose fault a failure is.
const (
	UserFault    = "user"
	ServerFault  = "server"
	UnknownFault = "unknown"
)

// Complete says that the result is there and how large it is.
type Complete struct {
	Status string `json:"status"`
	Size   int64  `json:"response_payload_size"`
}

// Pending is what a client reads first of any reply to RetrieveRequest, to tell results from the other three.
type Pending struct {
	Type     string          `json:"type"`
	Status   string          `json:"status"`
	Error    json.RawMessage `json:"error"`
	Category string          `json:"category"`
	State    string          `json:"queue_state"`
	Reason   string          `json:"queue_state_reason"`
}

// ErrorBody is the body of every reply with an error status.
type ErrorBody struct {
	Detail Detail `json:"detail"`
}

// Detail is text; where a server sends something else, the JSON of that.
type Detail string

// UnmarshalJSON reads text as it is and anything else as its JSON.
func (d *Detail) UnmarshalJSON(raw []byte) error {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		text = string(raw)
	}
	*d = Detail(text)
	return nil
}
